import { claim, release } from './claim.ts';
import { withoutScope } from '../../telemetry/scope.ts';
import type { ClaimedJob } from './claim.ts';
import type { Lane } from './lane.ts';
import type { JobsOptions } from '../ports.ts';
import { pause } from '../../pause.ts';
import { Outage } from '../../resilience/outage.ts';

/** The lanes that take new work: for each kind of job the handler of the generation that is active. */
export interface Lanes {
  /** From now on new claims of this kind go to this lane. */
  open(lane: Lane): void;
  /** Closes the lane unless another has taken its place. */
  close(lane: Lane): void;
  find(plugin: string, name: string): Lane | undefined;
  all(): Iterable<Lane>;
}

const key = (plugin: string, name: string) => `${plugin}/${name}`;

/** Makes the lanes of one process, none of which is open yet. */
export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();
  return {
    open: (lane) => void lanes.set(key(lane.owner.plugin, lane.definition.name), lane),
    close(lane) {
      const place = key(lane.owner.plugin, lane.definition.name);
      if (lanes.get(place) === lane) lanes.delete(place);
    },
    find: (plugin, name) => lanes.get(key(plugin, name)),
    all: () => lanes.values(),
  };
}

/** Claims work for free slots whenever it is woken. */
export interface Dispatcher {
  wake(): void;
  /** Claims nothing more; resolves when a claim under way has been dealt with. */
  stop(): Promise<void>;
}

/**
 * One claim at a time for all lanes together; wake-ups that arrive meanwhile lead to one more.
 * A lane that filled all its slots needs no further claim: the end of a run wakes it.
 */
export function createDispatcher(
  { database, clock, log }: Pick<JobsOptions, 'database' | 'clock' | 'log'>,
  lanes: Lanes,
  begin: (lane: Lane, claimed: ClaimedJob, claimedAtMs: number) => void,
): Dispatcher {
  const stopping = new AbortController();
  let again = false;
  let claiming: Promise<void> | undefined;
  const outage = new Outage({ firstPauseMs: 250, longestPauseMs: 2_000 });

  const claimOnce = async (): Promise<void> => {
    const wanted = [...lanes.all()].flatMap(({ owner, definition, settings, runs }) => {
      const slots = settings.concurrency - runs.size;
      return slots > 0
        ? [{ plugin: owner.plugin, name: definition.name, slots, leaseMs: settings.leaseMs }]
        : [];
    });
    if (wanted.length === 0) return;
    const sentAtMs = clock.monotonicMs();
    const claimed = await claim(database.core(), wanted);
    const orphans: ClaimedJob[] = [];
    for (const job of claimed) {
      const lane = stopping.signal.aborted ? undefined : lanes.find(job.plugin, job.name);
      if (lane === undefined) orphans.push(job);
      else begin(lane, job, sentAtMs);
    }
    if (orphans.length > 0) await release(database.core(), orphans);
  };

  const loop = async (): Promise<void> => {
    while (again && !stopping.signal.aborted) {
      again = false;
      try {
        await claimOnce();
        outage.passed();
      } catch (error) {
        outage.failed(() => log.warn({ error }, 'jobs cannot be claimed'));
        // The poll, or whoever wakes it meanwhile, makes it try again afterwards.
        await pause(outage.pauseMs, { signal: stopping.signal });
      }
    }
    // In the same turn as the last look at `again`: a wake-up that comes later begins anew.
    claiming = undefined;
  };

  return {
    wake() {
      again = true;
      if (stopping.signal.aborted) return;
      claiming ??= withoutScope(loop);
    },
    async stop() {
      stopping.abort();
      await claiming;
    },
  };
}

import { AppError } from '@orchestrall/sdk';
import type { Event, Transaction } from '@orchestrall/sdk';
import { isOutage } from '../../database/errors.ts';
import type { CoreStatements } from '../../database/transaction.ts';
import { withScope } from '../../telemetry/scope.ts';
import { erasedType } from '../erasure.ts';
import { busError } from '../errors.ts';
import type { Binding } from './binding.ts';
import { acceptEvents, isFenced, releaseEvents, settleDelivery } from './delivery-store.ts';
import type { HeldSubscription } from './delivery-store.ts';
import type { Entry } from './window.ts';

/** The handler's fault. */
export interface Failure {
  readonly kind: 'failed';
  readonly error: unknown;
  readonly reason: 'handler_failed' | 'handler_timeout';
}

/** How one transaction of a subscription ended. */
export type Outcome =
  /** Committed; what was left is for a later transaction. */
  | { readonly kind: 'done'; readonly settled: readonly Entry[]; readonly left: readonly Entry[] }
  | Failure
  /** Another replica works on the subscription; nothing was kept. */
  | { readonly kind: 'fenced' }
  /** The database's fault: no attempt is counted. */
  | { readonly kind: 'unavailable'; readonly error: unknown };

/** A shared transaction is committed after this long, so that one slow handler does not hold back the others. */
const sharedMs = 20;

/** Handles events one after the other in one transaction with the plugin's role. Never rejects. */
export function attemptBatch(
  binding: Binding,
  held: HeldSubscription,
  entries: readonly Entry[],
): Promise<Outcome> {
  return attempt(binding, entries.length === 1, async (hooks, handle) => {
    let accepted: ReadonlySet<number> = new Set();
    let left: readonly Entry[] = [];
    const begun = performance.now();
    await hooks(
      async (core) => {
        accepted = await acceptEvents(
          core,
          held,
          entries.map((entry) => entry.stamped.position),
        );
      },
      async (tx) => {
        for (const [index, entry] of entries.entries()) {
          if (!accepted.has(entry.stamped.position)) continue;
          await handle(entry.stamped.event, tx);
          if (performance.now() - begun < sharedMs) continue;
          left = entries.slice(index + 1).filter((other) => accepted.has(other.stamped.position));
          break;
        }
      },
      async (core) => {
        if (left.length > 0)
          await releaseEvents(
            core,
            held,
            left.map((entry) => entry.stamped.position),
          );
      },
    );
    const waiting = new Set(left);
    return { kind: 'done', settled: entries.filter((entry) => !waiting.has(entry)), left };
  });
}

/** Handles a parked event; its row in `core.deliveries` is what makes it happen once. Never rejects. */
export function attemptParked(
  binding: Binding,
  held: HeldSubscription,
  position: number,
  event: Event,
): Promise<Outcome> {
  return attempt(binding, true, async (hooks, handle) => {
    let waiting = false;
    await hooks(
      async (core) => {
        waiting = await settleDelivery(core, held, position);
      },
      async (tx) => {
        if (waiting) await handle(event, tx);
      },
      async () => undefined,
    );
    return { kind: 'done', settled: [], left: [] };
  });
}

type Hooks = (
  opening: (core: CoreStatements) => Promise<void>,
  work: (tx: Transaction) => Promise<void>,
  closing: (core: CoreStatements) => Promise<void>,
) => Promise<void>;
type Handle = (event: Event, tx: Transaction) => Promise<void>;

/**
 * Runs a transaction as work of the plugin.
 * @param attributed whether a failure counts as the plugin's; not in a shared transaction, whose events are tried
 *   again one by one.
 */
async function attempt(
  binding: Binding,
  attributed: boolean,
  work: (hooks: Hooks, handle: Handle) => Promise<Outcome>,
): Promise<Outcome> {
  let failure: Failure | undefined;
  let outcome: Outcome | undefined;
  const handle: Handle = async (event, tx) => {
    try {
      await handleOnce(binding, event, tx);
    } catch (error) {
      const timedOut = error instanceof AppError && error.code === 'HANDLER_TIMEOUT';
      failure = { kind: 'failed', error, reason: timedOut ? 'handler_timeout' : 'handler_failed' };
      throw error;
    }
  };
  const hooks: Hooks = (opening, inside, closing) =>
    binding.database.transaction(inside, { timeoutMs: binding.timeoutMs, opening, closing });
  const run = async (): Promise<void> => {
    try {
      outcome = await work(hooks, handle);
    } catch (error) {
      outcome = classify(error, failure);
      if (attributed && outcome.kind === 'failed') throw error;
    }
  };
  try {
    await binding.owner.run('event', run);
  } catch (error) {
    outcome ??= { kind: 'failed', error, reason: 'handler_failed' };
  }
  return outcome ?? { kind: 'unavailable', error: new Error('the owner did not run the handler') };
}

function classify(error: unknown, failure: Failure | undefined): Outcome {
  if (isFenced(error)) return { kind: 'fenced' };
  if (isOutage(error)) return { kind: 'unavailable', error };
  // A commit can fail by what the handler wrote, as with a deferred constraint.
  return failure ?? { kind: 'failed', error, reason: 'handler_failed' };
}

async function handleOnce(binding: Binding, event: Event, tx: Transaction): Promise<void> {
  if (event.type === erasedType) return;
  const { owner, timeoutMs } = binding;
  const scope = { correlationId: event.correlationid ?? event.id, traceparent: event.traceparent };
  const running = withScope(scope, async () => binding.handler(event, tx));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const subscription = `${owner.plugin}/${binding.name}`;
      reject(busError('HANDLER_TIMEOUT', { subscription, timeoutMs }));
      // What cannot be stopped stays counted as in flight until it ends; its result no longer matters.
      void owner.run('event', () => running.then(ignore, ignore)).catch(ignore);
    }, timeoutMs);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

const ignore = (): void => undefined;

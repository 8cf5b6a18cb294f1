import { enqueueStatement } from '../enqueue.ts';
import type { Sql } from '../running/claim.ts';
import { newScheduledJob } from '../new-job.ts';
import type { JobsOptions } from '../ports.ts';
import { pause } from '../../pause.ts';
import { Outage } from '../../resilience/outage.ts';
import { nextInstant } from './plan.ts';

/** A schedule as a plugin declares it. */
export interface DeclaredSchedule {
  readonly name: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly job_name: string;
  readonly payload: unknown;
}

interface StoredSchedule extends DeclaredSchedule {
  readonly plugin: string;
  readonly next_at: Date;
  /** The database's clock when it was read. */
  readonly now: Date;
}

/** Declares schedules and fires them. */
export interface Schedules extends AsyncDisposable {
  start(): void;
  prepare(plugin: string, declared: readonly DeclaredSchedule[]): Promise<void>;
  activate(plugin: string, declared: readonly DeclaredSchedule[]): void;
  deactivate(plugin: string, declared: readonly DeclaredSchedule[]): void;
}

const pollMs = 1_000;

/**
 * Each second, fires what is due of the plugins that are active here. `next_at` is moved on only by whoever still
 * finds it as it was read, in the transaction that enqueues: so each planned instant enqueues once, whatever the
 * number of replicas. What was missed meanwhile is one run, since the next instant is counted from now.
 * A plugin that is off does not fire; it catches up with one run when it is on again.
 */
export function createSchedules(
  { database, log }: Pick<JobsOptions, 'database' | 'log'>,
  fired: () => void,
): Schedules {
  const active = new Map<string, readonly DeclaredSchedule[]>();
  const changed = new Set<string>();
  const ending = new AbortController();
  let running: Promise<void> = Promise.resolve();

  const tick = async (): Promise<void> => {
    // What is wrong with one plugin or schedule keeps no other from firing.
    const failures: unknown[] = [];
    const missed: string[] = [];
    for (const plugin of changed) {
      // Taken out before, so that a change that comes meanwhile is not taken for the one that is being written.
      changed.delete(plugin);
      const declared = active.get(plugin);
      if (declared === undefined) continue;
      await replace(database.core(), plugin, declared).catch((error: unknown) => {
        failures.push(error);
        missed.push(plugin);
      });
    }
    for (const plugin of missed) changed.add(plugin);
    const plugins = [...active].flatMap(([plugin, declared]) => (declared.length > 0 ? [plugin] : []));
    const failed = (error: unknown): void => void failures.push(error);
    if (plugins.length > 0 && (await fireDue(database.core(), plugins, failed)) > 0) fired();
    if (failures.length > 0) throw failures[0];
  };

  const loop = async (): Promise<void> => {
    const outage = new Outage({ firstPauseMs: 2 * pollMs, longestPauseMs: 5_000 });
    while (!ending.signal.aborted) {
      try {
        await tick();
        outage.passed();
      } catch (error) {
        outage.failed(() => log.warn({ error }, 'schedules cannot be fired'));
      }
      await pause(Math.max(pollMs, outage.pauseMs), { signal: ending.signal });
    }
  };

  return {
    start() {
      running = loop();
    },
    prepare: (plugin, declared) => insertMissing(database.core(), plugin, declared),
    activate(plugin, declared) {
      active.set(plugin, declared);
      changed.add(plugin);
    },
    deactivate(plugin, declared) {
      if (active.get(plugin) === declared) active.delete(plugin);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
    },
  };
}

type Core = ReturnType<JobsOptions['database']['core']>;

async function databaseNow(sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>('select clock_timestamp() as now');
  if (row === undefined) throw new TypeError('the database told no time');
  return row.now;
}

async function insertMissing(sql: Sql, plugin: string, declared: readonly DeclaredSchedule[]): Promise<void> {
  if (declared.length === 0) return;
  const rows = withNext(declared, await databaseNow(sql));
  await sql.query(`${insertSchedules} on conflict (plugin, name) do nothing`, [plugin, JSON.stringify(rows)]);
}

/** Makes the stored schedules those declared; the next instant stays where the plan has not changed. */
async function replace(core: Core, plugin: string, declared: readonly DeclaredSchedule[]): Promise<void> {
  const rows = withNext(declared, await databaseNow(core));
  await core.transaction(async (tx) => {
    await tx.query('delete from core.job_schedules where plugin = $1 and name <> all ($2::text[])', [
      plugin,
      rows.map((row) => row.name),
    ]);
    await tx.query(
      `${insertSchedules} on conflict (plugin, name) do update set
        job_name = excluded.job_name, payload = excluded.payload, cron = excluded.cron,
        time_zone = excluded.time_zone,
        next_at = case when (stored.cron, stored.time_zone) = (excluded.cron, excluded.time_zone)
          then stored.next_at else excluded.next_at end`,
      [plugin, JSON.stringify(rows)],
    );
  });
}

const insertSchedules = `
insert into core.job_schedules as stored (plugin, name, job_name, cron, time_zone, payload, next_at)
select $1, row.name, row.job_name, row.cron, row.time_zone, coalesce(row.payload, 'null'), row.next_at
from jsonb_to_recordset($2::jsonb) as row (
  name text, job_name text, cron text, time_zone text, payload jsonb, next_at timestamptz
)
order by row.name`;

function withNext(
  declared: readonly DeclaredSchedule[],
  now: Date,
): (DeclaredSchedule & { readonly next_at: Date })[] {
  return declared.flatMap((schedule) => {
    const next = nextOf(schedule, now);
    return next === undefined ? [] : [{ ...schedule, next_at: next }];
  });
}

function nextOf({ name, cron, time_zone: timeZone }: DeclaredSchedule, after: Date): Date | undefined {
  return nextInstant({ name, cron, timeZone }, after);
}

/** Fires the due schedules of these plugins, and tells why one could not be; returns how many this process fired. */
export async function fireDue(
  core: Core,
  plugins: readonly string[],
  failed: (error: unknown) => void,
): Promise<number> {
  const due = await core.query<StoredSchedule>(
    `select plugin, name, job_name, cron, time_zone, payload, next_at, clock_timestamp() as now
    from core.job_schedules where plugin = any($1::text[]) and next_at <= clock_timestamp() order by next_at`,
    [plugins],
  );
  let fired = 0;
  for (const schedule of due) {
    try {
      if (await fire(core, schedule)) fired += 1;
    } catch (error) {
      failed(error);
    }
  }
  return fired;
}

async function fire(core: Core, schedule: StoredSchedule): Promise<boolean> {
  const { plugin, name, next_at: plannedAt, now } = schedule;
  const next = nextOf(schedule, now);
  const job = newScheduledJob(schedule.job_name, schedule.payload);
  return core.transaction(async (tx) => {
    const moved = await tx.query(
      `update core.job_schedules set next_at = $4, last_at = $3, last_job_id = $5
      where plugin = $1 and name = $2 and date_trunc('milliseconds', next_at) = $3 returning name`,
      [plugin, name, plannedAt, next ?? null, job.id],
    );
    if (moved.length === 0) return false;
    const { sql, parameters } = enqueueStatement(plugin, [job]);
    await tx.query(sql, parameters);
    return true;
  });
}

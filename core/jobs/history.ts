import { isId, validationFailed } from '@orchestrall/sdk';
import type { JobStatus, Transaction } from '@orchestrall/sdk';
import { coreError } from '../errors.ts';
import { jobsChannel } from './running/wake-up.ts';
import type { JobsOptions } from './ports.ts';
import type { JobFilter, JobRecord, ScheduleRecord } from './record.ts';

/** Called in the transaction of a change that has come about, so that the caller's audit entry stands or falls with it. */
export type Within = (tx: Pick<Transaction, 'audit'>) => void;

/** Jobs as an administrator sees them, of all plugins. */
export interface JobHistory {
  /** Newest first. */
  list(
    filter?: JobFilter,
  ): Promise<{ readonly items: readonly JobRecord[]; readonly next_cursor: string | null }>;
  /** Undefined when there is no such job, or not of that plugin. */
  get(id: string, plugin?: string): Promise<JobRecord | undefined>;
  /**
   * Ends a waiting job at once and asks a running one to stop; false when it has ended or there is none, or not of that
   * plugin.
   */
  cancel(id: string, options?: { readonly plugin?: string; readonly within?: Within }): Promise<boolean>;
  /** Queues a failed or cancelled job again, at its checkpoint. Throws `JOB_NOT_FOUND`, `JOB_NOT_FAILED`. */
  retry(id: string, within?: Within): Promise<JobRecord>;
  schedules(): Promise<readonly ScheduleRecord[]>;
}

const common = `id, plugin, name, priority, unique_key, attempt, fence, progress_done, progress_total, error_code, error,
  created_at, started_at`;

const live = `select ${common}, case when leased_until is null then 'queued' else 'running' end as status, run_at,
  null::timestamptz as ended_at from core.jobs`;
const ended = `select ${common}, status, null::timestamptz as run_at, ended_at from core.ended_jobs`;

/** Where jobs of a status are, and what more tells them apart; written out so that partial indexes serve it. */
const places: Readonly<Record<JobStatus, readonly [relation: string, condition: string]>> = {
  queued: [live, 'leased_until is null'],
  running: [live, 'leased_until is not null'],
  completed: [ended, `status = 'completed'`],
  failed: [ended, `status = 'failed'`],
  cancelled: [ended, `status = 'cancelled'`],
};

/** A job moves from the one relation to the other in one statement, so one query over both sees it exactly once. */
function jobsWhere(condition: string, status?: JobStatus, tail = ''): string {
  const branches: readonly (readonly [string, string])[] =
    status === undefined
      ? [
          [live, 'true'],
          [ended, 'true'],
        ]
      : [places[status]];
  return branches
    .map(([relation, more]) => `(${relation} where ${condition} and ${more} ${tail})`)
    .join(' union all ');
}

type Stored = Omit<JobRecord, 'created_at' | 'run_at' | 'started_at' | 'ended_at'> & {
  readonly created_at: Date;
  readonly run_at: Date | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
};

/** `woken` is called when a job waits again. */
export function createHistory({ database }: Pick<JobsOptions, 'database'>, woken: () => void): JobHistory {
  const get = async (id: string, plugin?: string): Promise<JobRecord | undefined> => {
    if (!isId(id)) return undefined;
    const [row] = await database.core().query<Stored>(
      jobsWhere(`id = coalesce((select job_id from core.job_aliases where job_aliases.id = $1), $1)
        and ($2::text is null or plugin = $2)`),
      [id, plugin ?? null],
    );
    return row === undefined ? undefined : record(row);
  };
  return {
    get,
    async list(filter = {}) {
      const limit = Math.min(Math.max(filter.limit ?? 50, 1), 500);
      const { where, values } = conditions(filter);
      // Ordered and limited within each relation as well, so that neither is read as a whole.
      const tail = `order by id desc limit $${values.length + 1}`;
      const rows = await database
        .core()
        .query<Stored>(`select * from (${jobsWhere(where, filter.status, tail)}) job ${tail}`, [
          ...values,
          limit + 1,
        ]);
      const items = rows.slice(0, limit).map(record);
      return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    async cancel(id, { plugin, within } = {}) {
      if (!isId(id)) return false;
      return database.core().transaction(async (tx) => {
        const [row] = await tx.query<{ outcome: string | null }>(
          'select core.cancel_job($1, $2) as outcome',
          [id, plugin ?? null],
        );
        if (typeof row?.outcome !== 'string') return false;
        if (row.outcome === 'asked') {
          // Runs know the job by its own id, not by one that only stands for it.
          await tx.query(
            'select pg_notify($1, coalesce((select job_id from core.job_aliases where id = $2), $2)::text)',
            [jobsChannel, id],
          );
        }
        within?.(tx);
        return true;
      });
    },
    async retry(id, within) {
      const isQueued = isId(id)
        ? await database.core().transaction(async (tx) => {
            const [row] = await tx.query<{ outcome: string | null }>(
              'select core.requeue_job($1) as outcome',
              [id],
            );
            const failed = row?.outcome === 'failed' || row?.outcome === 'cancelled';
            if (failed) within?.(tx);
            return failed;
          })
        : false;
      const found = await get(id);
      if (found === undefined) throw coreError('JOB_NOT_FOUND', { id });
      if (!isQueued) throw coreError('JOB_NOT_FAILED', { id, status: found.status });
      woken();
      return found;
    },
    async schedules() {
      const rows = await database.core().query<StoredSchedule>(
        `select plugin, name, job_name, cron, time_zone, next_at, last_at, last_job_id
        from core.job_schedules order by plugin, name`,
      );
      return rows.map((row) => ({ ...row, next_at: text(row.next_at), last_at: text(row.last_at) }));
    },
  };
}

type StoredSchedule = Omit<ScheduleRecord, 'next_at' | 'last_at'> & {
  readonly next_at: Date | null;
  readonly last_at: Date | null;
};

function conditions(filter: JobFilter): { readonly where: string; readonly values: readonly unknown[] } {
  const clauses = ['true'];
  const values: unknown[] = [];
  const add = (clause: string, value: unknown): void => {
    values.push(value);
    clauses.push(`${clause} $${values.length}`);
  };
  if (filter.plugin !== undefined) add('plugin =', filter.plugin);
  if (filter.name !== undefined) add('name =', filter.name);
  if (filter.cursor !== undefined) {
    if (!isId(filter.cursor)) {
      throw validationFailed([{ path: '/cursor', message: 'must be the `next_cursor` of the page before' }]);
    }
    add('id <', filter.cursor);
  }
  return { where: clauses.join(' and '), values };
}

function record(row: Stored): JobRecord {
  return {
    ...row,
    created_at: row.created_at.toISOString(),
    run_at: text(row.run_at),
    started_at: text(row.started_at),
    ended_at: text(row.ended_at),
  };
}

function text(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

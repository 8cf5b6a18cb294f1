import type { Job } from '@orchestrall/sdk';
import { decideConflict } from '../../sync/decide.ts';
import type { Side } from '../../sync/decide.ts';
import type { SyncParts } from '../../sync/load.ts';
import type { ObjectPlan } from '../../sync/plan.ts';
import { takeAgain } from '../../sync/pull.ts';

interface Decided {
  readonly external_id: string;
  readonly field: string;
  readonly decision: Side;
}

interface Retried {
  readonly direction: 'pull' | 'push';
  readonly record_id: string;
}

/** Carries out what administrators asked for since the last run: decisions about conflicts, and further attempts. */
export async function answerRequests(
  parts: SyncParts,
  plans: readonly ObjectPlan[],
  job: Pick<Job, 'transaction'>,
): Promise<void> {
  const [clock] = await job.transaction(async (tx) =>
    tx.query<{ now: string }>('select clock_timestamp()::text as now'),
  );
  for (const plan of plans) {
    for (const { external_id, field, decision } of await decisions(plan, job))
      await decideConflict(parts, plan, external_id, field, decision);
    const retried = await retries(plan, job);
    const there = retried.flatMap(({ direction, record_id: id }) => (direction === 'pull' ? [id] : []));
    const here = retried.flatMap(({ direction, record_id: id }) => (direction === 'push' ? [id] : []));
    await takeAgain(parts, plan, [...new Set(there)]);
    if (here.length === 0) continue;
    await parts.store.transaction(async (unit) => unit.queue(plan.kind, here));
  }
  // One of an object that is no longer mapped stays listed, and is not tried at each run.
  const tried = 'update sync_rejections set retry = false where retry and updated_at <= $1::timestamptz';
  await job.transaction(async (tx) => tx.query(tried, [clock?.now]));
}

async function decisions({ object }: ObjectPlan, job: Pick<Job, 'transaction'>): Promise<Decided[]> {
  const statement = `select external_id, field, decision from sync_conflicts
    where object = $1 and decision is not null and resolution is null order by id`;
  return job.transaction(async (tx) => tx.query<Decided>(statement, [object]));
}

async function retries({ object }: ObjectPlan, job: Pick<Job, 'transaction'>): Promise<Retried[]> {
  const statement = `select distinct direction, record_id from sync_rejections
    where object = $1 and retry order by record_id`;
  return job.transaction(async (tx) => tx.query<Retried>(statement, [object]));
}

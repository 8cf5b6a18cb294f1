import { defineJob } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import Type from 'typebox';
import { withoutScope } from '../../telemetry/scope.ts';

/** Sends what waits for one webhook, in order, and ends when nothing is due. */
export const sendingJob = defineJob('webhooks.send', Type.Object({ webhook_id: Type.String() }));

/**
 * Whether a job is one that sends webhooks. Nothing is told of its end: the event would be sent by a webhook, by a job
 * whose end would be an event.
 */
export function isSendingJob({ plugin, name }: { readonly plugin: string; readonly name: string }): boolean {
  return plugin === 'core' && name === sendingJob.name;
}

/**
 * Sees to it that a job sends what waits for these webhooks as soon as each may be sent to. Called in the transaction
 * that makes something wait. Each webhook has one job at a time, named in its row: one that is to begin too late is
 * replaced, and finds that out when it begins.
 */
export async function ensureSending(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const wanted = await tx.query<{ id: string; rest_until: Date | null }>(
    `select id, case when rest_until > clock_timestamp() then rest_until end as rest_until
     from core.webhooks
     where id = any ($1::uuid[]) and status = 'active'
       and (job_id is null or job_begins_at > greatest(rest_until, clock_timestamp()))
     order by id for update`,
    [ids],
  );
  for (const { id, rest_until } of wanted) await enqueueSending(tx, id, rest_until);
}

/** Makes a new job the one of a webhook, whose row the transaction holds; `beginsAt` null for now. */
export async function enqueueSending(tx: Transaction, id: string, beginsAt: Date | null): Promise<void> {
  // Whoever makes something wait is not who sends.
  const jobId = withoutScope(() =>
    tx.enqueue(sendingJob, { webhook_id: id }, beginsAt === null ? {} : { runAt: beginsAt }),
  );
  await tx.query('update core.webhooks set job_id = $2, job_begins_at = $3 where id = $1', [
    id,
    jobId,
    beginsAt,
  ]);
}

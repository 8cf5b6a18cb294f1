import type { Clock, Job, Log, Transaction } from '@orchestrall/sdk';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { attempt, unsent } from './attempt.ts';
import type { AttemptServices } from './attempt.ts';
import { nextDelivery } from './next-delivery.ts';
import type { DueDelivery } from './next-delivery.ts';
import { recordAttempt } from './record.ts';
import { enqueueSending } from './sending-job.ts';

/** What sending needs of the room. */
export interface SendingServices extends AttemptServices {
  readonly database: ScopedDatabase;
  readonly log: Log;
  readonly clock: Clock;
  /** Pauses between the attempts of one delivery, milliseconds. */
  readonly pauses: readonly number[];
  readonly random: () => number;
}

/** How long one job sends before another one goes on, so that no run is near its time limit. */
const longestRunMs = 60_000;

/**
 * The handler of `sendingJob`: sends what is due for one webhook, one delivery after the other, and leaves a job for
 * what comes due later. An attempt counts once it is written down by the job's own transaction: a process that dies
 * before leaves the delivery to be sent again.
 */
export async function sendWaiting(
  services: SendingServices,
  job: Job<{ readonly webhook_id: string }>,
): Promise<void> {
  const webhookId = job.payload.webhook_id;
  if (!(await begin(job, webhookId))) return;
  const until = services.clock.monotonicMs() + longestRunMs;
  for (;;) {
    job.signal.throwIfAborted();
    const due =
      services.clock.monotonicMs() < until
        ? await nextDelivery(services.database, webhookId, job.id)
        : undefined;
    if (due === undefined) return end(job, webhookId);
    await deliver(services, job, due);
  }
}

/** Whether this is still the job of the webhook, which from now on counts as having begun. */
async function begin(job: Job, webhookId: string): Promise<boolean> {
  const rows = await job.transaction((tx) =>
    tx.query('update core.webhooks set job_begins_at = null where id = $1 and job_id = $2 returning id', [
      webhookId,
      job.id,
    ]),
  );
  return rows.length === 1;
}

async function deliver(services: SendingServices, job: Job, due: DueDelivery): Promise<void> {
  const { receiver, event, id: deliveryId, attempts } = due;
  const number = attempts + 1;
  const answer =
    event === undefined
      ? unsent('the event is no longer in the history, or was erased')
      : await attempt(services, { receiver, event, deliveryId, number, signal: job.signal });
  if (!answer.taken) {
    const fields = {
      webhook_id: receiver.id,
      delivery_id: deliveryId,
      attempt: number,
      reason: answer.error,
    };
    services.log.warn(fields, 'a webhook was not taken');
  }
  const { pauses, random } = services;
  await job.transaction(async (tx, checkpoint) => {
    // Leases lost before this attempt no longer count against the job.
    checkpoint({});
    await recordAttempt(tx, due, answer, { settings: services.settings(), pauses, random });
  });
}

/** Leaves a job for what comes due next, unless another one is the webhook's by now. */
async function end(job: Job, webhookId: string): Promise<void> {
  await job.transaction(async (tx) => {
    const [webhook] = await tx.query<{ rest_until: Date | null }>(
      'select rest_until from core.webhooks where id = $1 and job_id = $2 for update',
      [webhookId, job.id],
    );
    if (webhook !== undefined) await leaveNext(tx, webhookId, webhook.rest_until);
  });
}

/** What came while the row was waited for is seen only by a statement of its own. */
async function leaveNext(tx: Transaction, webhookId: string, restUntil: Date | null): Promise<void> {
  const [next] = await tx.query<{ at: Date | null; now: Date }>(
    `select min(next_at) as at, clock_timestamp() as now from core.webhook_deliveries
     where webhook_id = $1 and status = 'pending'`,
    [webhookId],
  );
  if (next?.at === null || next === undefined) {
    await tx.query('update core.webhooks set job_id = null, job_begins_at = null where id = $1', [webhookId]);
    return;
  }
  // PostgreSQL counts microseconds: a millisecond later it is due for certain.
  const atMs = Math.max(next.at.getTime(), restUntil?.getTime() ?? 0) + 1;
  await enqueueSending(tx, webhookId, atMs > next.now.getTime() ? new Date(atMs) : null);
}

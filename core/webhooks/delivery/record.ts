import type { Transaction } from '@orchestrall/sdk';
import { erasedType } from '../../bus/erasure.ts';
import type { Webhooks } from '../../config/sections/webhooks.ts';
import { pauseWebhook } from '../endpoints/pausing.ts';
import type { Answer } from '../sending/answer.ts';
import { pauseBeforeRetry, restAfter } from './backoff.ts';
import type { DueDelivery } from './next-delivery.ts';

/** What decides how an attempt is followed up. */
export interface FollowUp {
  readonly settings: Webhooks;
  readonly pauses: readonly number[];
  readonly random: () => number;
}

const gone = 410;

/**
 * Writes down what came of an attempt: the delivery ends or is tried again later, and the webhook rests or is paused
 * where that is due. A delivery that has ended meanwhile stays as it is.
 */
export async function recordAttempt(
  tx: Transaction,
  delivery: DueDelivery,
  answer: Answer,
  followUp: FollowUp,
): Promise<void> {
  const { id } = delivery.receiver;
  // Rows are always locked in this order.
  const [webhook] = await tx.query<{ failures: number }>(
    'select failures from core.webhooks where id = $1 for update',
    [id],
  );
  if (webhook === undefined) return;
  const pauseMs = pauseBeforeRetry(delivery.tries + 1, answer.retryAfterMs, followUp.pauses, followUp.random);
  const ends = delivery.expired || delivery.event === undefined || pauseMs === undefined;
  const status = answer.taken ? 'delivered' : ends ? 'failed' : 'pending';
  const updated = await tx.query(
    `update core.webhook_deliveries set attempts = attempts + 1, tries = tries + 1, status = $2,
       next_at = case when $2 = 'pending'
         then least(clock_timestamp() + $3 * interval '1 millisecond', expires_at) end,
       ended_at = case when $2 <> 'pending' then clock_timestamp() end
     where id = $1 and status = 'pending' returning id`,
    [delivery.id, status, pauseMs ?? 0],
  );
  if (updated.length === 0) return;
  const { response } = answer;
  const kept = { ...answer, response: (await isErased(tx, delivery)) ? null : response };
  await insertAttempt(tx, delivery.id, delivery.attempts + 1, kept);
  const ended = status === 'pending' ? 0 : 1;
  if (answer.taken) await noteSuccess(tx, id, ended);
  else
    await noteFailure(tx, id, { ended, answer, failures: webhook.failures + 1, settings: followUp.settings });
}

/**
 * Whether the event was erased since it was sent: what the receiver said of it is then not kept. Its row stays locked, so
 * that an erasure which comes now finds what is about to be written.
 */
async function isErased(tx: Transaction, { position }: DueDelivery): Promise<boolean> {
  const [event] = await tx.query<{ type: string }>(
    'select type from core.events where position = $1 for share',
    [position],
  );
  return event?.type === erasedType;
}

/** Keeps an attempt in the log. */
export async function insertAttempt(
  tx: Transaction,
  deliveryId: string,
  number: number,
  { durationMs, status, error, response }: Answer,
): Promise<void> {
  await tx.query(
    `insert into core.webhook_attempts (delivery_id, number, at, duration_ms, response_status, error, response)
     values ($1, $2, clock_timestamp() - $3::integer * interval '1 millisecond', $3, $4, $5, $6)`,
    [deliveryId, number, durationMs, status, error, response],
  );
}

async function noteSuccess(tx: Transaction, id: string, ended: number): Promise<void> {
  await tx.query(
    `update core.webhooks set waiting = waiting - $2, failures = 0, failing_since = null, rest_until = null,
       last_delivered_at = clock_timestamp() where id = $1`,
    [id, ended],
  );
}

interface Failure {
  readonly ended: number;
  readonly answer: Answer;
  readonly failures: number;
  readonly settings: Webhooks;
}

async function noteFailure(tx: Transaction, id: string, failure: Failure): Promise<void> {
  const { ended, answer, failures, settings } = failure;
  const [row] = await tx.query<{ for_long: boolean }>(
    `update core.webhooks set waiting = waiting - $2, failures = $3,
       failing_since = coalesce(failing_since, clock_timestamp()),
       rest_until = case when $4 > 0 then clock_timestamp() + $4 * interval '1 millisecond' end
     where id = $1
     returning failing_since <= clock_timestamp() - $5 * interval '1 hour' as for_long`,
    [id, ended, failures, restAfter(failures, answer.retryAfterMs), settings.pause_after_hours],
  );
  if (answer.status === gone) await pauseWebhook(tx, id, 'gone');
  else if (failures >= settings.pause_after_failures && row?.for_long === true) {
    await pauseWebhook(tx, id, 'failing');
  }
}

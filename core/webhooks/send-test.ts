import { createId } from '@orchestrall/sdk';
import type { Event } from '@orchestrall/sdk';
import type { ScopedDatabase } from '../database/scoped-database.ts';
import { coreError } from '../errors.ts';
import { attempt } from './delivery/attempt.ts';
import type { AttemptServices } from './delivery/attempt.ts';
import { receiverColumns } from './delivery/next-delivery.ts';
import type { Receiver } from './delivery/next-delivery.ts';
import { insertAttempt } from './delivery/record.ts';

/** What sending at once needs of the room. */
export interface TestServices extends AttemptServices {
  readonly database: ScopedDatabase;
  readonly now: () => Date;
  /** Aborted when the room stops. */
  readonly signal: AbortSignal;
}

/**
 * Sends `webhook.tested` to a webhook, once and at once, and keeps what came of it in the log; gives the id of the
 * delivery. Throws `WEBHOOK_NOT_FOUND`.
 */
export async function sendTest(services: TestServices, webhookId: string): Promise<string> {
  const { database, signal } = services;
  const [row] = await database.query<Omit<Receiver, 'id'>>(
    `select ${receiverColumns} from core.webhooks w where w.id = $1`,
    [webhookId],
  );
  if (row === undefined) throw coreError('WEBHOOK_NOT_FOUND', { id: webhookId });
  const event = testEvent(webhookId, services.now());
  const deliveryId = createId();
  const receiver: Receiver = { ...row, id: webhookId };
  const answer = await attempt(services, { receiver, event, deliveryId, number: 1, signal });
  await database.transaction(async (tx) => {
    await tx.query(
      `insert into core.webhook_deliveries (id, webhook_id, event_id, event_type, status, attempts, tries,
         expires_at, ended_at)
       values ($1, $2, $3, $4, $5, 1, 1, now(), now())`,
      [deliveryId, webhookId, event.id, event.type, answer.taken ? 'delivered' : 'failed'],
    );
    await insertAttempt(tx, deliveryId, 1, answer);
    const after = { delivery_id: deliveryId, taken: answer.taken };
    tx.audit({ action: event.type, subjectType: 'webhook', subjectId: webhookId, after });
  });
  return deliveryId;
}

function testEvent(webhookId: string, now: Date): Event {
  return {
    specversion: '1.0',
    id: createId(),
    source: '/core/webhooks',
    type: 'webhook.tested',
    subject: webhookId,
    time: now.toISOString(),
    datacontenttype: 'application/json',
    data: { webhook_id: webhookId },
  };
}

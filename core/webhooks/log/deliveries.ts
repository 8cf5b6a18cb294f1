import { isId, validationFailed } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { erasedType } from '../../bus/erasure.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { coreError } from '../../errors.ts';
import { ensureSending } from '../delivery/sending-job.ts';
import { patienceHours } from '../limits.ts';
import { toAttempt, toDelivery } from './delivery.ts';
import type {
  AttemptRow,
  DeliveryRow,
  DeliveryStatus,
  WebhookDelivery,
  WebhookDeliveryDetail,
} from './delivery.ts';

/** Which deliveries are listed. */
export interface DeliveryFilter {
  readonly status?: DeliveryStatus | undefined;
  /** `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
  /** 1 to 200, default 50. */
  readonly limit?: number | undefined;
}

/** What was sent to a webhook, and once more. All throw `WEBHOOK_NOT_FOUND`. */
export interface WebhookDeliveries {
  /** Newest first. */
  list(
    webhookId: string,
    filter?: DeliveryFilter,
  ): Promise<{ readonly items: readonly WebhookDelivery[]; readonly next_cursor: string | null }>;
  /** Throws `WEBHOOK_DELIVERY_NOT_FOUND`. */
  get(webhookId: string, id: string): Promise<WebhookDeliveryDetail>;
  /** Sends one again, whatever became of it. Throws `WEBHOOK_DELIVERY_NOT_FOUND`, `WEBHOOK_EVENT_GONE`. */
  redeliver(webhookId: string, id: string): Promise<WebhookDeliveryDetail>;
  /** Sends again what failed of all that came since, oldest first; `more` when there were too many for one call. */
  redeliverFailed(
    webhookId: string,
    since: Date,
  ): Promise<{ readonly count: number; readonly more: boolean }>;
}

/** Deliveries that one call sends again at most. */
const maxRedelivered = 5_000;
const columns =
  'd.id, d.event_id, d.event_type, d.position, d.status, d.attempts, d.created_at, d.next_at, d.ended_at';
const attemptColumns = 'number, at, duration_ms, response_status, error, response';
/** Whether the event of the delivery `d` can still be sent. */
const isThere = `exists (
  select from core.events e where e.position = d.position and e.type <> '${erasedType}'
)`;
/** What makes a delivery wait again, from its first attempt on. */
const again = `status = 'pending', tries = 0, next_at = now(), ended_at = null,
  expires_at = now() + ${patienceHours} * interval '1 hour'`;

type ListRow = DeliveryRow & { readonly [Key in keyof AttemptRow as `last_${Key}`]: AttemptRow[Key] | null };

/** Builds the log on a database whose role is the core's. */
export function createDeliveries(database: ScopedDatabase): WebhookDeliveries {
  const get = async (webhookId: string, id: string): Promise<WebhookDeliveryDetail> => {
    await mustExist(database, webhookId);
    const [row] = await database.query<DeliveryRow>(
      `select ${columns} from core.webhook_deliveries d where d.webhook_id = $1 and d.id = $2`,
      [webhookId, deliveryIdOf(id)],
    );
    if (row === undefined) throw notFound(id);
    const attempts = await database.query<AttemptRow>(
      `select ${attemptColumns} from core.webhook_attempts where delivery_id = $1 order by number`,
      [id],
    );
    return { ...toDelivery(row, attempts), log: attempts.map(toAttempt) };
  };

  return {
    get,
    async list(webhookId, { status, cursor, limit: wanted = 50 } = {}) {
      await mustExist(database, webhookId);
      if (cursor !== undefined && !isId(cursor)) {
        throw validationFailed([
          { path: '/cursor', message: 'must be the `next_cursor` of the page before' },
        ]);
      }
      const limit = Math.min(200, Math.max(1, wanted));
      const rows = await database.query<ListRow>(
        `select ${columns}, a.number as last_number, a.at as last_at, a.duration_ms as last_duration_ms,
           a.response_status as last_response_status, a.error as last_error, a.response as last_response
         from core.webhook_deliveries d left join core.webhook_attempts a
           on a.delivery_id = d.id and a.number = d.attempts
         where d.webhook_id = $1 ${status === undefined ? '' : `and d.status = '${status}'`}
           and ($2::uuid is null or d.id < $2) order by d.id desc limit $3`,
        [webhookId, cursor ?? null, limit + 1],
      );
      const items = rows.slice(0, limit).map(listed);
      return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    async redeliver(webhookId, id) {
      await database.transaction(async (tx) => {
        await lock(tx, webhookId);
        const [row] = await tx.query<{ status: DeliveryStatus; sendable: boolean }>(
          `select d.status, ${isThere} as sendable
           from core.webhook_deliveries d where d.webhook_id = $1 and d.id = $2 for update`,
          [webhookId, deliveryIdOf(id)],
        );
        if (row === undefined) throw notFound(id);
        if (!row.sendable) throw coreError('WEBHOOK_EVENT_GONE', { id });
        await tx.query(`update core.webhook_deliveries set ${again} where id = $1`, [id]);
        await wait(tx, webhookId, row.status === 'pending' ? 0 : 1);
        const after = { delivery_id: id };
        tx.audit({ action: 'webhook.redelivered', subjectType: 'webhook', subjectId: webhookId, after });
      });
      return get(webhookId, id);
    },
    async redeliverFailed(webhookId, since) {
      return database.transaction(async (tx) => {
        await lock(tx, webhookId);
        const found = await tx.query<{ id: string }>(
          `select d.id from core.webhook_deliveries d
           where d.webhook_id = $1 and d.status = 'failed' and d.created_at >= $2
             and ${isThere}
           order by d.id limit $3`,
          [webhookId, since, maxRedelivered + 1],
        );
        const chosen = found.slice(0, maxRedelivered).map((row) => row.id);
        await tx.query(`update core.webhook_deliveries set ${again} where id = any ($1::uuid[])`, [chosen]);
        await wait(tx, webhookId, chosen.length);
        const answer = { count: chosen.length, more: found.length > chosen.length };
        const after = { since: since.toISOString(), ...answer };
        tx.audit({ action: 'webhook.redelivered', subjectType: 'webhook', subjectId: webhookId, after });
        return answer;
      });
    },
  };
}

function listed(row: ListRow): WebhookDelivery {
  const {
    last_number,
    last_at,
    last_duration_ms,
    last_response_status,
    last_error,
    last_response,
    ...delivery
  } = row;
  if (last_number === null || last_at === null || last_duration_ms === null) return toDelivery(delivery, []);
  const last = {
    number: last_number,
    at: last_at,
    duration_ms: last_duration_ms,
    response_status: last_response_status,
    error: last_error,
    response: last_response,
  };
  return toDelivery(delivery, [last]);
}

/** Counts deliveries that wait again, and has them sent unless the webhook is paused. */
async function wait(tx: Transaction, webhookId: string, more: number): Promise<void> {
  await tx.query('update core.webhooks set waiting = waiting + $2 where id = $1', [webhookId, more]);
  await ensureSending(tx, [webhookId]);
}

/** Rows are always locked in this order: the webhook's, then those of its deliveries. */
async function lock(tx: Transaction, webhookId: string): Promise<void> {
  await mustExist(tx, webhookId, 'for update');
}

async function mustExist(
  sql: Pick<Transaction, 'query'>,
  webhookId: string,
  tail: '' | 'for update' = '',
): Promise<void> {
  const rows = isId(webhookId)
    ? await sql.query(`select id from core.webhooks where id = $1 ${tail}`, [webhookId])
    : [];
  if (rows.length === 0) throw coreError('WEBHOOK_NOT_FOUND', { id: webhookId });
}

function deliveryIdOf(id: string): string {
  if (!isId(id)) throw notFound(id);
  return id;
}

function notFound(id: string): Error {
  return coreError('WEBHOOK_DELIVERY_NOT_FOUND', { id });
}

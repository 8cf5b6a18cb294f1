import type { Event } from '@orchestrall/sdk';
import { fromRow } from '../../bus/envelope.ts';
import type { EventRow } from '../../bus/envelope.ts';
import { erasedType } from '../../bus/erasure.ts';
import { envelopeColumns } from '../../bus/event-store.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import type { SealedColumns } from '../endpoints/secrets.ts';

/** A receiver as messages to it need it. */
export interface Receiver extends SealedColumns {
  readonly url: string;
}

/** Columns of a `Receiver`; the alias `w` is `core.webhooks`. */
export const receiverColumns = `w.url, w.sealed_headers, w.sealed_secret,
  case when w.former_until > clock_timestamp() then w.former_secret end as former_secret`;

/** The delivery that is to be sent now. */
export interface DueDelivery {
  readonly id: string;
  readonly receiver: Receiver;
  /** Attempts so far, and of these those since it was created or asked for again. */
  readonly attempts: number;
  readonly tries: number;
  /** Whether its time is over: this attempt is the last. */
  readonly expired: boolean;
  /** Its place in the history. */
  readonly position: number;
  /** Undefined when the history no longer holds it, or its data were erased. */
  readonly event: Event | undefined;
}

type DueRow = Omit<EventRow, 'id' | 'position'> &
  Omit<SealedColumns, 'id'> & {
    readonly url: string;
    readonly delivery_id: string;
    readonly attempts: number;
    readonly tries: number;
    readonly expired: boolean;
    readonly place: number;
    readonly position: number | null;
    readonly id: string | null;
  };

/**
 * The delivery whose turn it is, in the order in which they came due, and of those that came together the order of the
 * history. Undefined when none is due, or this job is no longer the one that sends.
 */
export async function nextDelivery(
  database: ScopedDatabase,
  webhookId: string,
  jobId: string,
): Promise<DueDelivery | undefined> {
  const [row] = await database.query<DueRow>(
    `select ${receiverColumns}, d.id as delivery_id, d.attempts, d.tries, d.expires_at <= clock_timestamp() as expired,
       d.position as place,
       ${envelopeColumns}
     from core.webhooks w
     cross join lateral (
       select * from core.webhook_deliveries due
       where due.webhook_id = w.id and due.status = 'pending' and due.next_at <= clock_timestamp()
       order by due.next_at, due.position limit 1
     ) d
     left join core.events e on e.position = d.position
     where w.id = $1 and w.job_id = $2 and w.status = 'active'
       and (w.rest_until is null or w.rest_until <= clock_timestamp())`,
    [webhookId, jobId],
  );
  if (row === undefined) return undefined;
  const { id, position, url, sealed_headers, sealed_secret, former_secret } = row;
  return {
    id: row.delivery_id,
    receiver: { id: webhookId, url, sealed_headers, sealed_secret, former_secret },
    attempts: row.attempts,
    tries: row.tries,
    expired: row.expired,
    position: row.place,
    event:
      id === null || position === null || row.type === erasedType
        ? undefined
        : fromRow({ ...row, id, position }).event,
  };
}

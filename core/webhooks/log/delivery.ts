import Type from 'typebox';
import type { Static } from 'typebox';

const instant = Type.String({ format: 'date-time' });

/** One attempt to send. */
export const WebhookAttempt = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  at: instant,
  duration_ms: Type.Integer({ minimum: 0 }),
  response_status: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Null when there was no answer.',
  }),
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why it was not taken.' }),
  response: Type.Union([Type.String(), Type.Null()], { description: 'The beginning of the answer.' }),
});
export type WebhookAttempt = Static<typeof WebhookAttempt>;

export const DeliveryStatus = Type.Union([
  Type.Literal('pending'),
  Type.Literal('delivered'),
  Type.Literal('failed'),
]);
export type DeliveryStatus = Static<typeof DeliveryStatus>;

/** One event on its way to one webhook. */
export const WebhookDelivery = Type.Object({
  id: Type.String(),
  event_id: Type.String(),
  event_type: Type.String(),
  position: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Place in the history; null for a test.',
  }),
  status: DeliveryStatus,
  attempts: Type.Integer({ minimum: 0 }),
  created_at: instant,
  next_at: Type.Union([instant, Type.Null()], { description: 'Not sent before; null once it has ended.' }),
  ended_at: Type.Union([instant, Type.Null()]),
  last_attempt: Type.Union([WebhookAttempt, Type.Null()]),
});
export type WebhookDelivery = Static<typeof WebhookDelivery>;

/** A delivery with all its attempts, oldest first. */
export const WebhookDeliveryDetail = Type.Object({
  ...WebhookDelivery.properties,
  log: Type.Array(WebhookAttempt),
});
export type WebhookDeliveryDetail = Static<typeof WebhookDeliveryDetail>;

/** A row of an attempt. */
export interface AttemptRow {
  readonly number: number;
  readonly at: Date;
  readonly duration_ms: number;
  readonly response_status: number | null;
  readonly error: string | null;
  readonly response: string | null;
}

/** A row of a delivery. */
export interface DeliveryRow {
  readonly id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly position: number | null;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly created_at: Date;
  readonly next_at: Date | null;
  readonly ended_at: Date | null;
}

/** An attempt as it is shown. */
export function toAttempt({ at, ...row }: AttemptRow): WebhookAttempt {
  return { ...row, at: at.toISOString() };
}

/** A delivery as it is shown, with its attempts so far, oldest first. */
export function toDelivery(row: DeliveryRow, attempts: readonly AttemptRow[]): WebhookDelivery {
  const last = attempts.at(-1);
  return {
    ...row,
    created_at: row.created_at.toISOString(),
    next_at: row.next_at?.toISOString() ?? null,
    ended_at: row.ended_at?.toISOString() ?? null,
    last_attempt: last === undefined ? null : toAttempt(last),
  };
}

import Type from 'typebox';
import type { Static } from 'typebox';

const instant = Type.String({ format: 'date-time' });
const nullable = Type.Union([instant, Type.Null()]);

/** A receiver of events, as the API shows it. */
export const Webhook = Type.Object({
  id: Type.String(),
  url: Type.String(),
  description: Type.String(),
  patterns: Type.Array(Type.String()),
  header_names: Type.Array(Type.String(), {
    description: 'Names of its own headers; their values are not shown.',
  }),
  status: Type.Union([Type.Literal('active'), Type.Literal('paused')]),
  pause_reason: Type.Union([Type.String(), Type.Null()], {
    description: '`requested`, `failing` or `gone` (the receiver answered 410); null while active.',
  }),
  paused_at: nullable,
  waiting: Type.Integer({ description: 'Deliveries that have not ended.' }),
  failures: Type.Integer({ description: 'Failed attempts since the last that was taken.' }),
  failing_since: nullable,
  last_delivered_at: nullable,
  former_secret_until: Type.Union([instant, Type.Null()], {
    description: 'Until then messages are also signed with the secret before the last rotation.',
  }),
  created_at: instant,
  updated_at: instant,
});
export type Webhook = Static<typeof Webhook>;

const fields = {
  url: Type.String({ minLength: 1, maxLength: 2_048, description: 'Where events are posted to.' }),
  description: Type.String({ maxLength: 500 }),
  patterns: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
    minItems: 1,
    maxItems: 32,
    uniqueItems: true,
    description: 'Types of events, with `*` for one word and `**` for any number: `contact.*`.',
  }),
  headers: Type.Record(Type.String(), Type.String({ maxLength: 1_024 }), {
    maxProperties: 10,
    description: 'Headers of its own, such as `Authorization`; they replace those from before.',
  }),
};

/** What makes a new webhook. */
export const NewWebhook = Type.Object(
  {
    url: fields.url,
    patterns: fields.patterns,
    description: Type.Optional(fields.description),
    headers: Type.Optional(fields.headers),
  },
  { additionalProperties: false },
);
export type NewWebhook = Static<typeof NewWebhook>;

/** What of a webhook is changed; the rest stays. */
export const WebhookChange = Type.Object(
  {
    url: Type.Optional(fields.url),
    patterns: Type.Optional(fields.patterns),
    description: Type.Optional(fields.description),
    headers: Type.Optional(fields.headers),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type WebhookChange = Static<typeof WebhookChange>;

/** A webhook's row, as far as it is shown. */
export interface WebhookRow {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly patterns: readonly string[];
  readonly header_names: readonly string[];
  readonly status: 'active' | 'paused';
  readonly pause_reason: string | null;
  readonly paused_at: Date | null;
  readonly waiting: number;
  readonly failures: number;
  readonly failing_since: Date | null;
  readonly last_delivered_at: Date | null;
  readonly former_until: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Columns of a `WebhookRow`. */
export const webhookColumns = `id, url, description, patterns, header_names, status, pause_reason, paused_at, waiting,
  failures, failing_since, last_delivered_at, created_at, updated_at,
  case when former_until > now() then former_until end as former_until`;

/** The webhook as administrators see it. */
export function toWebhook({ former_until, ...row }: WebhookRow): Webhook {
  return {
    ...row,
    patterns: [...row.patterns],
    header_names: [...row.header_names],
    paused_at: text(row.paused_at),
    failing_since: text(row.failing_since),
    last_delivered_at: text(row.last_delivered_at),
    former_secret_until: text(former_until),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** The webhook as an audit entry keeps it: what follows the host of its address may be as good as a password. */
export function audited(webhook: Webhook): Webhook {
  return { ...webhook, url: `${new URL(webhook.url).origin}/…` };
}

function text(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

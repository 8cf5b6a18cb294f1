import { isId } from '@orchestrall/sdk';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { busError } from '../errors.ts';
import type { Within } from './dead-letters.ts';

/** One subscription by the plugin that owns it and its durable name. */
export interface SubscriptionReference {
  readonly plugin: string;
  readonly subscription: string;
}

/** Which events of the history: by id, or a stretch of positions, both ends included. */
export type ReplayChoice =
  | { readonly event_ids: readonly string[] }
  | { readonly from_position: number; readonly to_position: number };

/** How patterns are read, and what is done in the same transaction. */
export interface ReplayOptions {
  readonly matcher: (pattern: string) => (type: string) => boolean;
  readonly within: Within | undefined;
}

/**
 * Hands events of the history to one subscription once more, though it may have handled them: effects can happen
 * again, which is why the caller audits it. Events that do not match the subscription's pattern are left out.
 * Returns how many are delivered. Throws `SUBSCRIPTION_NOT_FOUND` and `EVENT_NOT_FOUND` (404).
 */
export async function replayEvents(
  database: ScopedDatabase,
  reference: SubscriptionReference,
  choice: ReplayChoice,
  { matcher, within }: ReplayOptions,
): Promise<number> {
  return database.transaction(async (tx) => {
    const [subscription] = await tx.query<{ id: number; pattern: string; cursor_position: number }>(
      'select id, pattern, cursor_position from core.subscriptions where owner = $1 and name = $2',
      [reference.plugin, reference.subscription],
    );
    if (subscription === undefined) {
      throw busError('SUBSCRIPTION_NOT_FOUND', { plugin: reference.plugin, name: reference.subscription });
    }
    const byId = 'event_ids' in choice;
    const strange = byId ? choice.event_ids.find((id) => !isId(id)) : undefined;
    if (strange !== undefined) throw busError('EVENT_NOT_FOUND', { id: strange });
    const rows = await tx.query<{ id: string; position: number; type: string; key: string }>(
      `select e.id, e.position, e.type, coalesce(e.subject, e.type) as key from core.events e
       where ${byId ? 'e.id = any ($1::uuid[])' : 'e.position between $1 and $2'}`,
      byId ? [choice.event_ids] : [choice.from_position, choice.to_position],
    );
    if (byId) {
      const found = new Set(rows.map((row) => row.id));
      const missing = choice.event_ids.find((id) => !found.has(id.toLowerCase()));
      if (missing !== undefined) throw busError('EVENT_NOT_FOUND', { id: missing });
    }
    const matches = matcher(subscription.pattern);
    const chosen = rows.filter((row) => matches(row.type));
    // What the subscription has not handled yet comes by itself.
    const inserted = await tx.query(
      `insert into core.deliveries (subscription_id, position, key, next_at)
       select $1, r.position, r.key, now() from unnest($2::bigint[], $3::text[]) as r (position, key)
       where r.position <= $4 or exists (
         select from core.inbox i where i.subscription_id = $1 and i.position = r.position
       )
       on conflict (subscription_id, position) do nothing returning position`,
      [
        subscription.id,
        chosen.map((row) => row.position),
        chosen.map((row) => row.key),
        subscription.cursor_position,
      ],
    );
    within?.(tx, inserted.length);
    return inserted.length;
  });
}

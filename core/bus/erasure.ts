import type { Statement } from '@orchestrall/sdk';

/** Type of an event whose data were erased; it reaches no handler. */
export const erasedType = 'event.erased';

/** SQL that erases the data of a source's events about these subjects; run as the core. */
export function eraseEventsStatement(source: string, subjects: readonly string[]): Statement {
  return { sql: 'select core.erase_events($1, $2::text[])', parameters: [source, subjects] };
}

/** SQL that erases the data of single events of a source; run as the core. */
export function eraseEventItemsStatement(source: string, ids: readonly string[]): Statement {
  return { sql: 'select core.erase_event_items($1, $2::uuid[])', parameters: [source, ids] };
}

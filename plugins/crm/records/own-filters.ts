import type { JsonObject, Sql } from '@orchestrall/sdk/resources';
import { isId } from '@orchestrall/sdk';
import { sql } from 'kysely';
import type { View } from './access.ts';
import { keepTag } from '../fields/tag.ts';
import type { RecordKind } from './kind.ts';

/**
 * The conditions of the filters that lists of records have beside those of every list: `tag` and references. What `q` and
 * `list` ask for has to be looked up first, and stands with the service.
 */
export function* ownConditions(
  { fields, table, conditions }: Pick<RecordKind, 'fields' | 'table' | 'conditions'>,
  filters: JsonObject = {},
  view: View,
): Generator<Sql> {
  // A filter that nothing can match is no fault: it finds nothing.
  const nothing = sql`false`;
  const { tag, ...references } = filters;
  for (const [name, id] of Object.entries(references)) {
    if (id === undefined || fields[name]?.type !== 'uuid' || view.hidden.has(name)) continue;
    yield typeof id === 'string' && isId(id) ? sql`${sql.ref(`${table}.${name}`)} = ${id}` : nothing;
  }
  yield* conditions?.(filters) ?? [];
  if (typeof tag === 'string') {
    const { text } = keepTag(tag);
    yield text === undefined || view.hidden.has('tags')
      ? nothing
      : sql`${sql.ref(`${table}.tags`)} @> array[${text}]::text[]`;
  }
}

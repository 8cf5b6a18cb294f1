import type { Caller } from '@orchestrall/sdk';
import type { Kinds } from '../kinds.ts';
import type { Access, View } from '../records/access.ts';
import type { RecordKind } from '../records/kind.ts';
import type { TablesByKind } from '../records/unseen.ts';

/** What imports know of records: their kinds, and who may see and write what. */
export interface ImportScope {
  readonly kinds: Kinds;
  readonly access: Access;
  readonly tables: TablesByKind;
}

/** One import's part of it: records of one kind, as whoever started it sees them. */
export interface KindScope extends ImportScope {
  readonly kind: RecordKind;
  readonly by: Caller;
  readonly view: View;
}

/** The records of a table as a caller sees them. */
export function scopeOf(scope: ImportScope, table: keyof Kinds, by: Caller): KindScope {
  const kind: RecordKind = scope.kinds[table];
  return { ...scope, kind, by, view: scope.access.viewOf(by, kind.name) };
}

/** Whether a caller may read what somebody else's import holds: its file could have any record in it. */
export function seesAllOf({ view }: KindScope): boolean {
  return view.condition === undefined && view.hidden.size === 0;
}

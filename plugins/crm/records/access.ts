import type { Caller } from '@orchestrall/sdk';
import type { Sql } from '@orchestrall/sdk/resources';
import type { KindName } from './kind.ts';

/** What a caller may see and write of one kind of record. */
export interface View {
  /** Which records, over the columns of the kind's table; undefined for all of them. */
  readonly condition: Sql | undefined;
  /** Fields that the caller does not learn of. */
  readonly hidden: ReadonlySet<string>;
  /** Fields that the caller may read and not write. */
  readonly readOnly: ReadonlySet<string>;
}

/** Decides who sees and writes what; the one place where rules of visibility and of fields are applied. */
export interface Access {
  /** What this caller sees and writes of a kind of record. */
  viewOf(by: Caller, kind: KindName): View;
  /**
   * Who may see an event with all of a record, as `visibleTo` of an event says it; undefined for everyone who may sign
   * in.
   */
  audienceOf(kind: KindName, record: Owned): readonly string[] | undefined;
}

/** Whom a record belongs to. */
export type Owned = { readonly owner_id: string | null; readonly team_id: string | null };

/** What an administrator sees and writes. */
export const everything: View = { condition: undefined, hidden: new Set(), readOnly: new Set() };

/** Rules by which every role sees everything. */
export function openAccess(): Access {
  return { viewOf: () => everything, audienceOf: () => undefined };
}

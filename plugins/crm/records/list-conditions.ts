import type { Caller } from '@orchestrall/sdk';
import type { Sql } from '@orchestrall/sdk/resources';
import type { KindName, RecordKind } from './kind.ts';

/** What makes a record a member of a list, for whatever is asked of a kind's records. */
export interface ListConditions {
  /**
   * The condition of membership, over the columns of the kind's table; of a list of another kind no record is a member.
   * Throws `LIST_NOT_FOUND`, and `LIST_INVALID` where its filter no longer fits, or names what the caller does not see.
   */
  conditionOf(id: string, kind: Pick<RecordKind, 'name' | 'table' | 'fields'>, by: Caller): Promise<Sql>;
  /** Of which kind its members are. Throws `LIST_NOT_FOUND`. */
  kindOf(id: string, by: Caller): Promise<KindName>;
}

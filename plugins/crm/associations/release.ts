import type { Transaction } from '@orchestrall/sdk';
import { associationDeleted } from '../contract.ts';
import type { Owned } from '../records/access.ts';
import type { CommonFields, Kept, RecordKind, SubjectType } from '../records/kind.ts';
import { findRecords } from '../records/store.ts';
import type { Associated } from './pair.ts';
import { deleteAssociationsOf } from './store.ts';
import { audienceOfBoth, tellAssociation } from './tell.ts';

/** Ends the associations of a locked record that is about to be deleted. */
export async function releaseAssociations(
  kindOf: (name: SubjectType) => RecordKind,
  tx: Transaction,
  released: Associated,
  record: Owned,
): Promise<void> {
  const ended = await deleteAssociationsOf(tx, released.id);
  const others = ended.map(({ first, second }) => (first.id === released.id ? second : first));
  const owned = new Map<string, Owned>();
  for (const [name, associated] of Map.groupBy(others, ({ kind }): SubjectType => kind)) {
    const ids = associated.map(({ id }) => id);
    const records: Kept<CommonFields>[] = await findRecords(kindOf(name), tx, ids);
    for (const { id, owner_id, team_id } of records) owned.set(id, { owner_id, team_id });
  }
  for (const { role, ...pair } of ended) {
    const other = pair.first.id === released.id ? pair.second : pair.first;
    const owner = owned.get(other.id) ?? nobody;
    const visibleTo = audienceOfBoth([kindOf(released.kind), record], [kindOf(other.kind), owner]);
    const before = { records: [pair.first, pair.second], role };
    tellAssociation(tx, pair, { event: associationDeleted, before }, visibleTo);
  }
}

const nobody: Owned = { owner_id: null, team_id: null };

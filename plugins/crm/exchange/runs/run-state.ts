import { createId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { syncConflicted } from '../../contract.ts';
import type { RecordTarget } from '../../provider.ts';
import type { Conflict, SyncState } from '../../sync/state.ts';

/** What a run came to so far. */
export interface Counts {
  readonly records_created: number;
  readonly records_updated: number;
  readonly records_deleted: number;
  readonly records_given: number;
  readonly records_rejected: number;
  readonly conflicts: number;
}

/** Counts that are added to. */
export class Tally {
  #counts: { -readonly [Name in keyof Counts]: Counts[Name] } = none();

  add(name: keyof Counts, count: number): void {
    this.#counts[name] += count;
  }

  /** What was added since, which is then gone. */
  take(): Counts {
    const counts = this.#counts;
    this.#counts = none();
    return counts;
  }
}

function none(): Counts {
  return {
    records_created: 0,
    records_updated: 0,
    records_deleted: 0,
    records_given: 0,
    records_rejected: 0,
    conflicts: 0,
  };
}

/** Records whose writes and deletions are counted. */
export function counted<Records extends Pick<RecordTarget, 'write' | 'remove'>>(
  records: Records,
  tally: Tally,
): Records {
  return {
    ...records,
    async write(kind, writes) {
      const results = await records.write(kind, writes);
      for (const [index, result] of results.entries()) {
        const isNew = writes[index]?.id === undefined;
        if (result.outcome === 'written') tally.add(isNew ? 'records_created' : 'records_updated', 1);
      }
      return results;
    },
    async remove(kind, ids) {
      await records.remove(kind, ids);
      tally.add('records_deleted', ids.length);
    },
  };
}

/** A state whose rejections and conflicts are counted, and whose new conflicts are told. */
export function told<State extends SyncState>(state: State, tx: Transaction, tally: Tally): State {
  return {
    ...state,
    async replaceRejections(direction, object, ids, rejections) {
      await state.replaceRejections(direction, object, ids, rejections);
      tally.add('records_rejected', new Set(rejections.map(({ id }) => id)).size);
    },
    async replaceConflicts(object, externalIds, conflicts) {
      const open = conflicts.length === 0 ? [] : await state.openConflicts(object, externalIds);
      await state.replaceConflicts(object, externalIds, conflicts);
      const known = new Set(open.map(identity));
      const fresh = conflicts.filter((each) => each.resolution !== null || !known.has(identity(each)));
      for (const { externalId, localId, field, reason, resolution } of fresh) {
        const data = { object, external_id: externalId, local_id: localId, field, reason };
        const options = { subject: localId, visibleTo: ['admin'] };
        tx.emit(syncConflicted, { ...data, settled: resolution !== null }, options);
      }
      tally.add('conflicts', fresh.length);
      await logDeletedHere(
        tx,
        fresh.filter(({ reason }) => reason === 'deleted_here'),
      );
    },
  };
}

function identity({ externalId, field, reason }: Conflict): string {
  return `${externalId} ${field} ${reason}`;
}

async function logDeletedHere(tx: Transaction, conflicts: readonly Conflict[]): Promise<void> {
  if (conflicts.length === 0) return;
  const rows = conflicts.map(({ object, externalId, localId }) => ({
    id: createId(),
    object,
    external_id: externalId,
    local_id: localId,
  }));
  const statement = `insert into sync_deletions (id, side, object, external_id, kind, local_id)
    select given.id, 'here', given.object, given.external_id, kind, given.local_id
    from jsonb_to_recordset($1) as given (id uuid, object text, external_id text, local_id uuid)
    join sync_links on sync_links.object = given.object and sync_links.external_id = given.external_id`;
  await tx.query(statement, [JSON.stringify(rows)]);
}

import { validationFailed } from '@orchestrall/sdk';
import type { Caller, Database, Transaction } from '@orchestrall/sdk';
import { changeRecords, keepText } from '@orchestrall/sdk/resources';
import type { ListRequest, Page } from '@orchestrall/sdk/resources';
import { associationCreated, associationDeleted, associationUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import { kindNamed } from '../kinds.ts';
import type { Kinds } from '../kinds.ts';
import { subjectTypes } from '../records/kind.ts';
import type { CommonFields, Kept, SubjectType } from '../records/kind.ts';
import { lockRecord, masked, requireRecord } from '../records/service.ts';
import type { RecordServiceOptions } from '../records/service.ts';
import { findRecord, findRecords, holdExisting } from '../records/store.ts';
import { pairOf } from './pair.ts';
import type { Associated, Pair } from './pair.ts';
import { maxRoleLength } from './schemas.ts';
import type { Association } from './schemas.ts';
import { deleteAssociation, findAssociation, listAssociated, putAssociation } from './store.ts';
import { audienceOfBoth, tellAssociation } from './tell.ts';

/** Which records of a list of associations are asked for. */
export interface AssociationRequest extends Pick<ListRequest, 'cursor' | 'limit'> {
  /** Default every kind. */
  readonly kind?: SubjectType | undefined;
}

/** Which records belong to which others, from either side, beside the company that a contact has as its own. */
export interface Associations {
  /** Those that the caller may see, by id. Throws the code for a record that is not there, `CURSOR_INVALID`. */
  list(record: Associated, request: AssociationRequest, by: Caller): Promise<Page<Association>>;
  /**
   * Makes an association, or changes the role of one that is there.
   * Throws the code for a record that is not there, `VALIDATION_FAILED`.
   */
  put(record: Associated, other: Associated, role: string | null, by: Caller): Promise<void>;
  /** Throws the code for a record that is not there, `ASSOCIATION_NOT_FOUND`. */
  remove(record: Associated, other: Associated, by: Caller): Promise<void>;
}

/** Creates the service of associations. */
export function createAssociationService(
  kinds: Kinds,
  { database, access }: RecordServiceOptions,
): Associations {
  const requireSeen = (from: Pick<Database, 'query'>, { kind, id }: Associated, by: Caller) =>
    requireRecord(kindNamed(kinds, kind), from, id, access.viewOf(by, kind).condition);

  /**
   * Holds both records until the transaction ends, in one order from whichever side they are named; the first is locked,
   * so that two requests do not make the same association at a time. Gives who may see both.
   */
  const holdBoth = async (tx: Transaction, { first, second }: Pair, by: Caller) => {
    const [one, other] = [kindNamed(kinds, first.kind), kindNamed(kinds, second.kind)];
    const locked = await lockRecord(one, tx, first.id, access.viewOf(by, first.kind).condition);
    await holdExisting(other.table, tx, new Set([second.id]));
    return audienceOfBoth([one, locked], [other, await requireSeen(tx, second, by)]);
  };

  const recordsOf = async (rows: readonly Associated[], by: Caller) => {
    const found = new Map<string, object>();
    for (const [name, associated] of Map.groupBy(rows, ({ kind }): SubjectType => kind)) {
      const view = access.viewOf(by, name);
      const ids = associated.map(({ id }) => id);
      const records: Kept<CommonFields>[] = await findRecords(
        kindNamed(kinds, name),
        database,
        ids,
        view.condition,
      );
      for (const record of records) found.set(record.id, masked(record, view));
    }
    return found;
  };

  return {
    async list(subject, { kind: asked, ...page }, by) {
      const { id } = await requireSeen(database, subject, by);
      const listed = subjectTypes
        .filter((kind) => asked === undefined || kind === asked)
        .map((kind) => {
          const { condition: visible } = access.viewOf(by, kind);
          return { kind, table: kindNamed(kinds, kind).table, visible };
        });
      const list = `${asked ?? 'all'} associated with ${id} for ${by.id}`;
      const { items, next_cursor } = await listAssociated(database, { kind: subject.kind, id }, listed, {
        ...page,
        list,
      });
      const records = await recordsOf(items, by);
      return {
        items: items.flatMap(({ created_at, ...row }) => {
          const record = records.get(row.id);
          // Gone between the two reads.
          if (record === undefined) return [];
          return { ...row, created_at: created_at?.toISOString() ?? null, record: { ...record } };
        }),
        next_cursor,
      };
    },

    put: (record, other, given, by) =>
      changeRecords(database, async (tx) => {
        const role = given === null ? null : requireRole(given);
        const pair = pairOf(record, other);
        if (isOne(pair)) throw validationFailed([itself]);
        const visibleTo = await holdBoth(tx, pair, by);
        const before = await findAssociation(tx, pair);
        if (before?.role === role) return;
        await putAssociation(tx, pair, role);
        const records = [pair.first, pair.second];
        const event = before === undefined ? associationCreated : associationUpdated;
        const earlier = before === undefined ? {} : { before: { records, ...before } };
        tellAssociation(tx, pair, { event, ...earlier, after: { records, role } }, visibleTo);
      }),

    remove: (record, other, by) =>
      changeRecords(database, async (tx) => {
        const pair = pairOf(record, other);
        await requireSeen(tx, record, by);
        const { condition } = access.viewOf(by, other.kind);
        // What the caller does not see is associated with nothing.
        const seen = await findRecord(kindNamed(kinds, other.kind), tx, other.id, condition);
        if (seen === undefined) throw notAssociated(record, other);
        const visibleTo = await holdBoth(tx, pair, by);
        const before = await findAssociation(tx, pair);
        if (before === undefined) throw notAssociated(record, other);
        await deleteAssociation(tx, pair);
        const told = { records: [pair.first, pair.second], ...before };
        tellAssociation(tx, pair, { event: associationDeleted, before: told }, visibleTo);
      }),
  };
}

const itself = {
  path: '/params/other_id',
  message: 'must be another record; none is associated with itself',
};

function isOne({ first, second }: Pair): boolean {
  return first.id === second.id && first.kind === second.kind;
}

function notAssociated({ kind, id }: Associated, other: Associated) {
  return crmError('ASSOCIATION_NOT_FOUND', { kind, id, other_kind: other.kind, other_id: other.id });
}

function requireRole(given: string): string {
  const { text, fault } = keepText(given, maxRoleLength);
  if (text === undefined) throw validationFailed([{ path: '/role', message: fault }]);
  return text;
}

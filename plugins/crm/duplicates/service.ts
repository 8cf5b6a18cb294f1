import { isId } from '@orchestrall/sdk';
import type { Caller, Jobs, Transaction } from '@orchestrall/sdk';
import {
  checkVersion,
  conditionSql,
  countRows,
  listName,
  readListRequest,
  readPage,
  toStatement,
} from '@orchestrall/sdk/resources';
import type { Column, Count, ListRequest, Page, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { crmError } from '../errors.ts';
import { kindNamed } from '../kinds.ts';
import type { Kinds } from '../kinds.ts';
import type { CommonFields, Kept } from '../records/kind.ts';
import { masked, requireRecord } from '../records/service.ts';
import type { RecordServiceOptions } from '../records/service.ts';
import { findRecords } from '../records/store.ts';
import { matchJob } from './jobs.ts';
import { scoreOf, weightOf } from './matching/reasons.ts';
import type { MatchedKind } from './matching/reasons.ts';
import type { PairRow } from './pair.ts';
import { decidePair, lockPair } from './pair-store.ts';
import type { Duplicate, DuplicateQuery } from './schemas.ts';
import { toldPairs } from './told.ts';
import type { Told } from './told.ts';

/** A pair from the side of one of its records: the other one under the name of its kind, and what was compared. */
export type SidedDuplicate = Omit<Duplicate, 'kind' | 'record_ids' | 'merged_into'>;

type Counted<Item> = Page<Item> & { readonly count?: Count };

/** Records that may be one, as far as the caller sees both of them. */
export interface Duplicates {
  /** The best first where no order is asked for. Throws `VALIDATION_FAILED`, `CURSOR_INVALID`. */
  list(query: DuplicateQuery, by: Caller): Promise<Counted<Duplicate>>;
  /** Those of one record. Throws the code for a record that is not there, `VALIDATION_FAILED`, `CURSOR_INVALID`. */
  ofRecord(
    kind: MatchedKind,
    id: string,
    query: DuplicateQuery,
    by: Caller,
  ): Promise<Counted<SidedDuplicate & { readonly other: Kept<CommonFields> }>>;
  /**
   * Says that the two are not one, or that they may be after all.
   * Throws `DUPLICATE_NOT_FOUND`, `VERSION_MISMATCH`, `PAIR_IS_MERGED`.
   */
  decide(
    tx: Transaction,
    id: string,
    status: 'open' | 'dismissed',
    by: Caller,
    ifMatch?: string,
  ): Promise<Duplicate>;
  /** Starts looking for duplicates of all records, or of those written since the last time, unless that waits or is under way; gives the job's id. */
  sweep(all: boolean): Promise<string>;
}

const column = (name: string, type: Column['type'], sortable: boolean): [string, Column] => [
  name,
  { type, column: name, nullable: false, folded: undefined, filterable: true, sortable },
];

/** What lists of pairs are filtered and sorted by. */
const columns = new Map([
  column('id', 'uuid', true),
  column('kind', 'text', false),
  column('score', 'integer', true),
  column('created_at', 'timestamptz', true),
]);

/** Creates the service of duplicates. */
export function createDuplicates(
  kinds: Kinds,
  { database, access, tables }: RecordServiceOptions,
  jobs: Pick<Jobs, 'enqueue'>,
): Duplicates {
  const page = async (name: string, query: DuplicateQuery, by: Caller, about?: Sql) => {
    const { status = 'open', ...asked } = query;
    const given: ListRequest = { sort: '-score', ...asked, filters: { status } };
    const request = readListRequest(given, { columns });
    const told = toldPairs(access, tables, by);
    const conditions = [...told.source.conditions];
    if (status !== 'any') conditions.push(sql`pairs.status = ${status}`);
    if (about !== undefined) conditions.push(about);
    if (request.condition !== undefined) conditions.push(conditionSql(request.condition, 'pairs'));
    const source = { ...told.source, conditions };
    const list = listName(name, given, by.id);
    const { items, next_cursor } = await readPage<PairRow>(database, source, { ...request, list });
    return {
      next_cursor,
      ...(request.count ? { count: await countRows(database, source) } : {}),
      told,
      rows: items,
    };
  };

  return {
    async list(query, by) {
      const { rows, told, ...rest } = await page('duplicates', query, by);
      return { ...rest, items: rows.map((row) => toDuplicate(row, told)) };
    },

    async ofRecord(name, id, query, by) {
      const kind = kindNamed(kinds, name);
      const view = access.viewOf(by, name);
      const record = await requireRecord(kind, database, id, view.condition);
      const about = sql`(pairs.low_id = ${record.id} or pairs.high_id = ${record.id})`;
      const { rows, told, ...rest } = await page(`duplicates of ${record.id}`, query, by, about);
      const otherOf = ({ low_id, high_id }: PairRow) => (low_id === record.id ? high_id : low_id);
      const others = await findRecords(kind, database, rows.map(otherOf), view.condition);
      const byId = new Map(others.map((other) => [other.id, masked(other, view)]));
      const items = rows.flatMap((row) => {
        const other = byId.get(otherOf(row));
        const { kind: _, record_ids: __, merged_into: ___, ...sided } = toDuplicate(row, told);
        // Merged, or gone between the two reads.
        return other === undefined ? [] : [{ ...sided, other }];
      });
      return { ...rest, items };
    },

    async decide(tx, id, status, by, ifMatch) {
      const told = toldPairs(access, tables, by);
      const before = isId(id) ? await lockPair(tx, id) : undefined;
      if (before === undefined || !(await isTold(tx, told, id)))
        throw crmError('DUPLICATE_NOT_FOUND', { id });
      checkVersion(before, ifMatch, (row) => toDuplicate(row, told));
      if (before.status === 'merged') throw crmError('PAIR_IS_MERGED', { id });
      if (before.status === status) return toDuplicate(before, told);
      await decidePair(tx, id, status);
      const after = (await lockPair(tx, id)) ?? before;
      const subject = { subjectType: 'duplicate', subjectId: id };
      const action = status === 'dismissed' ? 'duplicate.dismissed' : 'duplicate.reopened';
      tx.audit({ action, ...subject, before: { status: before.status }, after: { status } });
      return toDuplicate(after, told);
    },

    sweep: (all) => jobs.enqueue(matchJob, { all }, { uniqueKey: all ? 'all' : 'written' }),
  };
}

async function isTold(tx: Transaction, { source }: Told, id: string): Promise<boolean> {
  const query = sql`select 1 from ${source.from ?? sql.table(source.table)}
    where pairs.id = ${id} and ${sql.join([...source.conditions], sql` and `)}`;
  return (await tx.query(toStatement(query))).length > 0;
}

/** A pair as it is answered, without what the caller is not told. */
function toDuplicate(row: PairRow, { untold }: Told): Duplicate {
  const { id, kind, low_id, high_id, status, merged_into, version } = row;
  const reasons = row.reasons.filter((reason) => !untold[kind].includes(reason));
  return {
    id,
    kind,
    record_ids: [low_id, high_id],
    score: scoreOf(kind, reasons),
    reasons: reasons.map((reason) => ({ reason, weight: weightOf(kind, reason) })),
    status,
    merged_into,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    version,
  };
}

import { isId } from '@orchestrall/sdk';
import type { Caller, EventDefinition, Transaction } from '@orchestrall/sdk';
import { changeRecords, checkVersion, requireVersion, toStatement } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { companyMerged, contactMerged } from '../contract.ts';
import { crmError } from '../errors.ts';
import { kindNamed } from '../kinds.ts';
import type { Kinds } from '../kinds.ts';
import { toldOf } from '../records/history.ts';
import { subjectTypes, uniqueKeysOf } from '../records/kind.ts';
import type { CommonFields, Kept, RecordKind } from '../records/kind.ts';
import { absenceOf, noteMerged } from '../records/merged.ts';
import { requireFields, requireOnly } from '../records/require.ts';
import { masked } from '../records/service.ts';
import type { RecordServiceOptions } from '../records/service.ts';
import { deleteRecords, findRecord, lockRecords } from '../records/store.ts';
import { insertEntries } from '../records/timeline-store.ts';
import { editRecords } from '../records/write.ts';
import { parentOfMerged } from './company-parent.ts';
import { checkPreference, mergeFields } from './decide.ts';
import type { FieldChoice, MergedPair, Preference } from './decide.ts';
import type { Ends, MergedKind } from './ends.ts';
import { moveAssociations, moveListMembers, moveSyncLinks, moveTimeline } from './links-store.ts';
import { movePairs } from './move-pairs.ts';
import { lockReferring, moveActivities, moveReferences } from './move-references.ts';

/** How two records are to be one. */
export interface MergeRequest {
  /** The record that is left. */
  readonly id: string;
  /** The record that becomes part of it. */
  readonly other_id: string;
  /** By field: whose value it is to have where the default does not fit. */
  readonly prefer?: Preference | undefined;
  /** ETags of the two. */
  readonly if_match?: string | undefined;
  readonly other_if_match?: string | undefined;
}

/** What came, or would come, of a merge. */
export interface MergeResult {
  readonly record: Kept<CommonFields>;
  readonly merged_id: string;
  readonly choices: readonly FieldChoice[];
  readonly moved: Moved;
}

/** How much went from the one to the other. */
export interface Moved {
  readonly associations: number;
  readonly lists: number;
  readonly activities: number;
  readonly timeline_entries: number;
  /** Records that referred to it, such as the contacts of a company. */
  readonly references: number;
}

/** Makes two records one, with both histories. */
export interface Merge {
  /**
   * Merges the other record into this one, which keeps its id. Both versions must be named.
   * Throws the code for a record that is not there, `RECORD_MERGED`, `MERGE_INTO_ITSELF`, `MERGE_ACROSS_KINDS`,
   * `PRECONDITION_REQUIRED`, `VERSION_MISMATCH`, `VALIDATION_FAILED`, `TOO_MANY_RECORDS`.
   */
  run(tx: Transaction, kind: MergedKind, asked: MergeRequest, by: Caller): Promise<MergeResult>;
  /** What a merge would give, by doing it and undoing it. Versions need not be named. Throws as `run` does. */
  preview(kind: MergedKind, asked: MergeRequest, by: Caller): Promise<MergeResult>;
}

/** Creates the service of merges. */
export function createMerge(kinds: Kinds, options: RecordServiceOptions): Merge {
  const parts = { kinds, ...options };
  const contacts = createMerger(kinds.contacts, parts, { name: 'contact', event: contactMerged });
  const companies = createMerger(kinds.companies, parts, {
    name: 'company',
    event: companyMerged,
    async settle(tx, pair, prefer) {
      const parent = await parentOfMerged(tx, pair, prefer);
      return parent === undefined ? {} : { parent_id: parent };
    },
  });
  const merge = { contact: contacts, company: companies };
  return {
    run(tx, kind, asked, by) {
      requireVersion(asked.if_match);
      requireVersion(asked.other_if_match);
      return merge[kind](tx, asked, by);
    },
    async preview(kind, asked, by) {
      let result: MergeResult | undefined;
      try {
        await changeRecords(options.database, async (tx) => {
          result = await merge[kind](tx, asked, by);
          throw new Undone();
        });
      } catch (error) {
        if (!(error instanceof Undone)) throw error;
      }
      if (result === undefined) throw new TypeError('a preview came to no result');
      return result;
    },
  };
}

/** Ends the transaction of a preview without a commit. */
class Undone extends Error {}

interface MergeParts extends RecordServiceOptions {
  readonly kinds: Kinds;
}

interface Particulars<Fields extends CommonFields> {
  readonly name: MergedKind;
  readonly event: EventDefinition;
  /** Fields that follow from what the two are to each other. */
  readonly settle?: (tx: Transaction, pair: MergedPair<Fields>, prefer: Preference) => Promise<object>;
}

function createMerger<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  parts: MergeParts,
  { name, event, settle }: Particulars<Fields>,
) {
  const { kinds, access } = parts;
  // In the order in which changes of one of them lock others: what refers to a company comes before it.
  const referring: readonly RecordKind[] = [kinds.contacts, kinds.deals, kinds.activities, kinds.companies];
  return async (
    tx: Transaction,
    { id, other_id, prefer = {}, if_match, other_if_match }: MergeRequest,
    by: Caller,
  ): Promise<MergeResult> => {
    const ends: Ends = { kind: name, winner: id.toLowerCase(), loser: other_id.toLowerCase() };
    if (ends.winner === ends.loser) throw crmError('MERGE_INTO_ITSELF', { kind: name, id });
    const view = access.viewOf(by, name);
    checkPreference(kind, prefer, view);
    await lockReferring(referring, tx, ends);
    const pair = await lockPairOfRecords(kind, tx, ends, { parts, by });
    checkVersion(pair.kept, if_match, (record) => masked(record, view));
    checkVersion(pair.other, other_if_match, (record) => masked(record, view));
    const decided = mergeFields(kind, pair, prefer);
    const fields = { ...decided.fields, ...(await settle?.(tx, pair, prefer)) };
    // Those that came before the two were locked; none comes now.
    const references = await lockReferring(referring, tx, ends);
    await movePairs(tx, ends);
    await freeKeys(kind, tx, ends.loser);
    const edit = { before: pair.kept, fields: requireFields(fields, (given) => kind.read(given)) };
    const [edited] = await editRecords(kind, tx, [edit], by);
    const after = requireOnly(edited);
    const moved = {
      references: await moveReferences(tx, references, ends, by),
      activities: await moveActivities(kinds.activities, tx, ends, by),
      associations: await moveAssociations(tx, ends),
      lists: await moveListMembers(tx, ends),
      timeline_entries: await moveTimeline(tx, ends),
    };
    await moveSyncLinks(tx, ends);
    await deleteRecords(kind, tx, [ends.loser]);
    await noteMerged(tx, kind, ends);
    await tell(tx, { kind, event, ends, pair, after }, by);
    const choices = decided.choices.filter(({ field }) => !view.hidden.has(field));
    return { record: masked(after, view), merged_id: ends.loser, choices, moved };
  };
}

interface Told<Fields extends CommonFields> {
  readonly kind: RecordKind<Fields>;
  readonly event: EventDefinition;
  readonly ends: Ends;
  readonly pair: MergedPair<Fields>;
  readonly after: Kept<Fields>;
}

/** Writes event, audit entries and timeline entry; what each was stands with its own id, so that an erasure finds it. */
async function tell<Fields extends CommonFields>(
  tx: Transaction,
  { kind, event, ends, pair, after }: Told<Fields>,
  by: Caller,
): Promise<void> {
  const { winner, loser } = ends;
  tx.emit(event, { [kind.name]: after, merged_id: loser }, toldOf(kind, after));
  const entry = { action: event.type, subjectType: kind.name };
  tx.audit({ ...entry, subjectId: winner, before: pair.kept, after });
  tx.audit({ ...entry, subjectId: loser, before: pair.other, after: { merged_into: winner } });
  const changes = { merged_id: { from: null, to: loser } };
  await insertEntries(tx, [{ subject_type: ends.kind, subject_id: winner, kind: 'merged', changes }], by);
}

/** Locks both, in one order whichever is kept: of two merges of the same records the second finds one of them gone. */
async function lockPairOfRecords<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  { winner, loser }: Ends,
  { parts, by }: { readonly parts: MergeParts; readonly by: Caller },
): Promise<MergedPair<Fields>> {
  const { access, kinds } = parts;
  const { condition } = access.viewOf(by, kind.name);
  const ids = [winner, loser].filter((id) => isId(id));
  const records = new Map((await lockRecords(kind, tx, ids, condition)).map((record) => [record.id, record]));
  const kept = records.get(winner);
  const other = records.get(loser);
  if (kept === undefined) throw await absenceOf(kind, tx, winner, condition);
  if (other !== undefined) return { kept, other };
  for (const name of subjectTypes) {
    if (name === kind.name) continue;
    const found = await findRecord(kindNamed(kinds, name), tx, loser, access.viewOf(by, name).condition);
    if (found === undefined) continue;
    throw crmError('MERGE_ACROSS_KINDS', { kind: kind.name, other_kind: name, other_id: loser });
  }
  throw await absenceOf(kind, tx, loser, condition);
}

/** Lets the winner have the unique keys of a locked loser. */
async function freeKeys<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  loser: string,
): Promise<void> {
  const columns = uniqueKeysOf(kind).map(({ column }) => sql`${sql.ref(column)} = null`);
  if (columns.length === 0) return;
  await tx.query(
    toStatement(sql`update ${sql.table(kind.table)} set ${sql.join(columns)} where id = ${loser}`),
  );
}

import { isId, validationFailed } from '@orchestrall/sdk';
import type { AppError, Fault, Transaction } from '@orchestrall/sdk';
import { readFields } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { activityCreated, activityDeleted, activityUpdated } from '../contract.ts';
import type { Actor } from '../contract.ts';
import { crmError } from '../errors.ts';
import { subjectTypes } from '../records/kind.ts';
import type { HeldReferences, KindOptions, RecordKind, Reference, Written } from '../records/kind.ts';
import { inputSchema, recordSchema } from '../records/schemas.ts';
import { holdExisting } from '../records/store.ts';
import { noSuchRecord } from '../records/unseen.ts';
import type { TablesByKind } from '../records/unseen.ts';
import { faultsOf } from './check.ts';
import { activityFields } from './fields.ts';
import type { ActivityFields } from './fields.ts';
import { writeLinks } from './links.ts';
import { activityFilters } from './schemas.ts';
import { settleActivity } from './settle.ts';

/** What the kind of activities is made with. */
export interface ActivityKindOptions extends KindOptions {
  readonly tables: TablesByKind;
}

/** An activity among the records: what `records/` needs to know to find, write and tell it. */
export function createActivityKind({
  access,
  custom = {},
  tables,
}: ActivityKindOptions): RecordKind<ActivityFields> {
  const all: typeof activityFields = { ...activityFields, ...custom };
  return {
    name: 'activity',
    table: 'activities',
    path: '/api/v1/crm/activities',
    fields: all,
    record: recordSchema('Activity', all),
    input: inputSchema('ActivityInput', all),
    filters: activityFilters,
    keys: {},
    references: {},
    events: { created: activityCreated, updated: activityUpdated, deleted: activityDeleted },

    read(given) {
      const { fields, faults } = readFields(all, given);
      return { fields, faults: faults.length > 0 ? faults : [...faultsOf(fields)] };
    },

    refersTo,
    linked: {
      field: 'records',
      kinds: subjectTypes,
      withRecord: ({ records }, kind, id) =>
        records.some((there) => there.id === id) ? records : [...records, { kind, id, role: null }],
    },

    *conditions({ record_id: id }) {
      if (id === undefined) return;
      const about = sql`select activity_id from activity_records where record_id = ${id}`;
      yield typeof id === 'string' && isId(id) ? sql`activities.id in (${about})` : sql`false`;
    },

    holdReferences: (tx, given, by) => holdRecords(tx, given, by, tables),

    async recorded(tx, written) {
      await writeLinks(tx, written);
    },

    audienceOf: (record) => access.audienceOf('activity', record),
    notFound: (id) => crmError('ACTIVITY_NOT_FOUND', { id }),
  };
}

function refersTo({ records }: Pick<ActivityFields, 'records'>): Reference[] {
  return records.map(({ kind, id }, index) => ({ kind, id, path: `/records/${index}/id` }));
}

/**
 * Holds the records that activities come to be about, and settles the activities. One that an activity is about already
 * is not held: it cannot be deleted without a lock on the activity.
 */
async function holdRecords(
  tx: Transaction,
  given: readonly Written<ActivityFields>[],
  by: Actor,
  tables: TablesByKind,
): Promise<HeldReferences<ActivityFields>> {
  const added = given.map(({ fields, before }) => {
    const there = new Set(before?.records.map(({ id }) => id));
    return { fields, before, references: refersTo(fields).filter(({ id }) => !there.has(id)) };
  });
  const wanted = Map.groupBy(
    added.flatMap(({ references }) => references),
    ({ kind }) => kind,
  );
  const held = new Set<string>();
  for (const [kind, references] of [...wanted].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const ids = new Set(references.map(({ id }) => id));
    for (const id of await holdExisting(tables[kind], tx, ids)) held.add(`${kind} ${id}`);
  }
  const [clock] = await tx.query<{ now: Date }>('select clock_timestamp() as now');
  if (clock === undefined) throw new TypeError('the database did not say what time it is');
  const around = { by, now: clock.now.toISOString() };
  const settled = new Map<ActivityFields, ActivityFields>();
  const refusals = new Map<ActivityFields, AppError>();
  for (const { fields, before, references } of added) {
    const missing = references.filter(({ kind, id }) => !held.has(`${kind} ${id}`));
    const faults: Fault[] = missing.map(({ path, kind, id }) => noSuchRecord(path, kind, id));
    const result = settleActivity(fields, before, around);
    if ('message' in result) faults.push(result);
    else settled.set(fields, result);
    if (faults.length > 0) refusals.set(fields, validationFailed(faults));
  }
  return { faultOf: (fields) => refusals.get(fields), settled: (fields) => settled.get(fields) ?? fields };
}

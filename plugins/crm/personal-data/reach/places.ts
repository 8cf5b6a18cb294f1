import type { Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { eraserOf, erasedMark, patternsOf } from '../pattern.ts';
import type { Person } from '../person.ts';
import type { Place } from './place.ts';

const ids = ({ ids: own }: Person) => sql`any(${[...own]}::uuid[])`;
const itsRecord = (column: string) => (person: Person) => sql`${sql.ref(column)} = ${ids(person)}`;
const itsHistory = (column: string) => (person: Person) =>
  sql`${sql.ref(column)} = any(${[...person.ids, ...person.about]}::uuid[])`;

/** What is exchanged with an outside system under the ids that the person has there. */
const itsLink = (object: string, id: string) => (person: Person) =>
  sql`(${sql.ref(object)}, ${sql.ref(id)}) in (
    select object, external_id from sync_links where kind = 'contacts' and local_id = ${ids(person)})`;

/**
 * Every table of CRM in which people may stand, in the order in which an erasure goes through them. A table of the schema
 * that is neither here nor in `withoutPeople`, and a column of text that is named nowhere, fail a test: a room that adds
 * one says here what becomes of it.
 */
export const places: readonly Place[] = [
  {
    table: 'contacts',
    about: itsRecord('id'),
    isRecords: true,
    texts: { first_name: 'text', last_name: 'text', email: 'text', phone: 'text', tags: 'text[]' },
    harmless: ['email_key', 'first_name_key', 'last_name_key', 'owner_id', 'team_id'],
  },
  {
    table: 'companies',
    isRecords: true,
    texts: { name: 'text', domain: 'text', phone: 'text', website: 'text', tags: 'text[]' },
    harmless: ['name_key', 'owner_id', 'team_id'],
  },
  {
    table: 'deals',
    isRecords: true,
    texts: { name: 'text', external_id: 'text', lines: 'jsonb', tags: 'text[]' },
    harmless: [
      'name_key',
      'status',
      'amount_source',
      'currency',
      'probability_source',
      'product_ids',
      'owner_id',
      'team_id',
    ],
  },
  {
    table: 'activities',
    about: (person) => sql`id = any(${[...person.about]}::uuid[])`,
    isRecords: true,
    texts: { subject: 'text', body: 'text', outcome: 'text', records: 'jsonb', tags: 'text[]' },
    harmless: ['type', 'status', 'direction', 'author_id', 'author_name', 'owner_id', 'team_id'],
  },
  { table: 'activity_records', about: itsRecord('record_id') },
  {
    table: 'associations',
    about: (person) => sql`first_id = ${ids(person)} or second_id = ${ids(person)}`,
    texts: { role: 'text' },
    harmless: ['first_kind', 'second_kind'],
  },
  {
    table: 'timeline_entries',
    about: itsHistory('subject_id'),
    texts: { text: 'text', changes: 'jsonb', title: 'text', link: 'text' },
    harmless: ['subject_type', 'kind', 'source', 'key', 'actor_id', 'actor_name'],
  },
  { table: 'match_keys', about: itsRecord('record_id') },
  { table: 'match_queue', about: itsRecord('record_id'), harmless: ['kind'] },
  {
    table: 'duplicate_pairs',
    about: (person) => sql`low_id = ${ids(person)} or high_id = ${ids(person)}`,
    harmless: ['kind', 'status', 'reasons'],
  },
  { table: 'merged_records', about: itsRecord('winner_id'), harmless: ['kind'] },
  { table: 'list_members', about: itsRecord('record_id') },
  {
    table: 'lists',
    texts: { name: 'text', filter: 'jsonb' },
    harmless: ['kind', 'shared', 'owner_id', 'team_id', 'type'],
  },
  {
    table: 'views',
    texts: { name: 'text', filter: 'jsonb' },
    harmless: ['kind', 'shared', 'owner_id', 'team_id', 'sort', 'fields'],
  },
  {
    table: 'imports',
    texts: { reason: 'text', header: 'text[]', ignored_columns: 'text[]', mapping: 'json' },
    harmless: [
      'object',
      'key',
      'status',
      'actor_id',
      'actor_name',
      'format',
      'source',
      'caller',
      'missing_references',
    ],
  },
  {
    table: 'import_errors',
    about: namesInCells,
    emptied: {
      reason: sql`${erasedMark}`,
      cells: sql`array_fill(${erasedMark}::text, array[cardinality(cells)])`,
    },
    isEmpty: sql`reason = ${erasedMark}`,
    texts: { reason: 'text', cells: 'text[]' },
  },
  {
    table: 'import_trials',
    about: (person) => matches([sql`key`, sql`unique_key`, sql`given::text`], person),
    texts: { key: 'text', unique_key: 'text', given: 'json', refers: 'json' },
  },
  {
    table: 'bulk_changes',
    about: (person) => sql`finished_at is not null
      and exists (select from bulk_items where bulk_id = bulk_changes.id and record_id = ${ids(person)})
      and not exists (select from bulk_items
        where bulk_id = bulk_changes.id and record_id <> all(${[...person.ids]}::uuid[]))`,
    emptied: { request: sql`'{"filter":{}}'`, patch: sql`case when patch is not null then '{}'::jsonb end` },
    isEmpty: sql`request = '{"filter":{}}' and coalesce(patch = '{}', true)`,
    texts: { request: 'jsonb', patch: 'jsonb', reason: 'text' },
    harmless: ['resource', 'action', 'status', 'caller', 'undo_caller'],
  },
  {
    table: 'bulk_items',
    about: itsHistory('record_id'),
    emptied: { before: sql`null`, reason: sql`null` },
    isEmpty: sql`before is null and reason is null`,
    texts: { before: 'jsonb', reason: 'text' },
    harmless: ['outcome'],
  },
  {
    table: 'sync_rejections',
    about: (person) =>
      sql`(${itsLink('object', 'record_id')(person)} or record_id = any(${[...person.ids]}::text[]))`,
    texts: { reason: 'text' },
    harmless: ['direction', 'object', 'record_id', 'field'],
  },
  {
    table: 'sync_conflicts',
    about: itsRecord('local_id'),
    texts: { local: 'jsonb', remote: 'jsonb', base: 'jsonb' },
    harmless: ['object', 'external_id', 'field', 'reason', 'resolution', 'decision'],
  },
  {
    table: 'sync_missing',
    about: itsLink('object', 'external_id'),
    harmless: ['object', 'external_id', 'field', 'target_object', 'target_id'],
  },
  {
    // The link stays without a value, so that the outside system does not bring the person back.
    table: 'sync_links',
    about: (person) => sql`kind = 'contacts' and local_id = ${ids(person)}`,
    emptied: { base: sql`'{}'`, kept: sql`'{}'`, parted: sql`true` },
    isEmpty: sql`base = '{}' and kept = '{}' and parted`,
    texts: { base: 'jsonb', kept: 'jsonb' },
    harmless: ['object', 'external_id', 'kind'],
  },
  {
    table: 'products',
    texts: { name: 'text', name_key: 'text', description: 'text' },
    harmless: ['code', 'currency'],
  },
  {
    // Copies made for others go too where they tell of the person: they can be made again.
    table: 'personal_data_exports',
    about: (person) => sql`contact_id = ${ids(person)} or id in (
      select export_id from personal_data_pieces where ${matches([sql`data`], person)})`,
    harmless: ['status', 'requested_by', 'reason'],
  },
  { table: 'personal_data_pieces', texts: { data: 'text' } },
];

/** Tables of CRM in which nobody stands, each with the reason. */
export const withoutPeople: Readonly<Record<string, string>> = {
  pipelines: 'names that administrators give to ways of selling',
  stages: 'names that administrators give to steps of selling',
  deal_stages: 'where deals have been, in names of stages',
  custom_fields: 'what administrators say of fields, not what stands in them',
  view_defaults: 'which view a user begins with',
  import_chunks: 'files of imports that have not ended: such an import is cancelled or waited for',
  search_words: 'single words; those that nobody else has are taken out',
  search_words_noted: 'likewise',
  sync_cursors: 'how far the exchange with the outside system is',
  sync_changes: 'ids of records that changed',
  sync_connection: 'with which outside system records are exchanged',
  sync_mapping: 'which field goes where',
  sync_pushed: 'which kinds are given back',
  sync_runs: 'counts, and what the outside system refused whole objects for',
  sync_deletions: 'ids of records that one side deleted',
  erasures: 'counts; what a person is looked for by is there only while the erasure runs',
  retention_runs: 'counts',
};

function matches(texts: readonly Sql[], person: Person): Sql {
  const patterns = patternsOf(person, 'postgresql');
  const [first, ...others] = texts.flatMap((text) =>
    patterns.map((pattern) => sql`coalesce(${text} ~* ${pattern}, false)`),
  );
  return first === undefined ? sql`false` : sql`(${sql.join([first, ...others], sql` or `)})`;
}

/** A row of a file tells of a person that stands in one cell, or with first and family name in two. */
function namesInCells(person: Person): Sql {
  const both = person.parts.map(([first, last]) => sql`cells @> array[${first}, ${last}]::text[]`);
  return sql`(${sql.join([matches([sql`array_to_string(cells, e'\n')`], person), ...both], sql` or `)})`;
}

/** Whether a row of a file tells of a person, as the condition on refused rows says it. */
export function rowTeller(person: Person): (cells: readonly string[]) => boolean {
  const erase = eraserOf(person);
  return (cells) => {
    const text = cells.join('\n');
    if (erase(text) !== text) return true;
    return person.parts.some(([first, last]) => cells.includes(first) && cells.includes(last));
  };
}

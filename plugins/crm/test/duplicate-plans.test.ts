import type { Caller, Transaction } from '@orchestrall/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccess } from '../access/rules.ts';
import type { AccessConfig } from '../access/config.ts';
import { createContactMatcher } from '../duplicates/matching/contacts.ts';
import { findAlike, forgetRecords, writeKeys } from '../duplicates/key-store.ts';
import { createDuplicates } from '../duplicates/service.ts';
import { createKinds, tablesByKind } from '../kinds.ts';
import { createLists } from '../lists/service.ts';
import { explained } from './explained.ts';
import type { Plan } from './explained.ts';
import { startCrm } from './support.ts';
import { anyOwner } from '../records/owners.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
let some: { readonly id: string; readonly pair: string };
beforeAll(async () => {
  crm = await startCrm();
  const { database } = crm;
  await database.query(
    `insert into contacts (id, first_name, first_name_key, owner_id, search)
    select gen_random_uuid(), 'x', 'x', 'owner ' || n % 100, array_to_tsvector('{x}')
    from generate_series(1, 50000) as n`,
  );
  await database.query(
    `insert into match_keys (key, record_id)
    select hashtextextended(id::text || n, 0), id from contacts, generate_series(1, 3) as n`,
  );
  await database.query(
    `insert into duplicate_pairs (id, kind, low_id, high_id, score, reasons, status)
    select gen_random_uuid(), 'contact', least(id, other), greatest(id, other), 50 + n % 51, '{same_phone,same_name}',
      case when n % 10 = 0 then 'dismissed' else 'open' end
    from (select id, lead(id) over (order by id) as other, row_number() over () as n from contacts) as paired
    where other is not null and n % 2 = 0`,
  );
  for (const table of ['contacts', 'match_keys', 'duplicate_pairs']) await database.query(`analyze ${table}`);
  const [row] = await database.query<{ id: string; pair: string }>(
    'select low_id as id, id as pair from duplicate_pairs limit 1',
  );
  if (row === undefined) throw new Error('there is no pair');
  some = row;
});
afterAll(() => crm[Symbol.asyncDispose]());

const by: Caller = { id: 'owner 7', kind: 'user', name: 'p', roles: ['viewer'], teams: [], leads: [] };
const rule = (records: 'own' | 'all', hidden: string[]) => ({ records, hidden, read_only: [] });
const rules: readonly (readonly [string, AccessConfig])[] = [
  ['everybody', {}],
  ['those who see their own contacts alone', { viewer: { contacts: rule('own', []) } }],
];

function watched(config: AccessConfig) {
  const { database, plans } = explained(crm.database);
  const access = createAccess(config, tablesByKind);
  const kinds = createKinds(access, {});
  const lists = createLists([kinds.contacts], { database, access });
  const options = { database, access, tables: tablesByKind, lists, owners: anyOwner() };
  const jobs = { enqueue: () => Promise.reject(new Error('nothing is enqueued')) };
  return { duplicates: createDuplicates(kinds, options, jobs), plans };
}

/** Small tables aside, which are read as fast whole. */
function expectIndexes(plans: readonly Plan[][], indexes: readonly string[]): void {
  for (const nodes of plans) {
    const whole = nodes
      .filter((node) => node['Node Type'] === 'Seq Scan')
      .map((node) => node['Relation Name']);
    expect(whole.filter((table) => table !== 'companies')).toEqual([]);
  }
  const used = plans.flat().flatMap((node) => node['Index Name'] ?? []);
  expect(used).toEqual(expect.arrayContaining([...indexes]));
}

test.each(rules)('of 25,000 pairs %s gets the best, and the next page, by an index', async (_, config) => {
  const { duplicates, plans } = watched(config);
  const first = await duplicates.list({ limit: 5 }, by);
  expect(first.items.length).toBeGreaterThan(0);
  if (first.next_cursor !== null) await duplicates.list({ limit: 5, cursor: first.next_cursor }, by);
  expectIndexes(plans, []);
});

test('the duplicates of one contact are found by the indexes of either side', async () => {
  const { duplicates, plans } = watched({});
  const { items } = await duplicates.ofRecord('contact', some.id, { status: 'any' }, by);
  expect(items.length).toBeGreaterThan(0);
  expectIndexes(plans, ['duplicate_pairs_records', 'duplicate_pairs_high']);
});

test('what a record has in common with others is written, found and forgotten by indexes', async () => {
  const contact = { first_name: 'Ada', last_name: 'Lovelace', email: 'ada@gmail.com', phone: '030 9018200' };
  const fields = { ...contact, company_id: null, owner_id: null, team_id: null, tags: [] };
  const keyed = [{ id: some.id, keys: createContactMatcher('DE').keysOf(fields) }];
  const plans: Plan[][] = [];
  await crm.database.transaction(async (real) => {
    const watching = explained({ ...crm.database, query: (given, values) => real.query(given, values) });
    const tx: Transaction = { ...real, query: (given, values) => watching.database.query(given, values) };
    await writeKeys(tx, keyed);
    const alike = await findAlike(tx, keyed);
    expect(alike.get(some.id)?.size).toBeGreaterThan(0);
    await forgetRecords(tx, [some.id]);
    plans.push(...watching.plans);
  });
  expectIndexes(plans, [
    'match_keys_pkey',
    'match_keys_record',
    'duplicate_pairs_records',
    'duplicate_pairs_high',
  ]);
});

import type { Caller } from '@orchestrall/sdk';
import type { ListRequest } from '@orchestrall/sdk/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CustomFieldSets } from '../custom-fields/field-sets.ts';
import { readFieldSets } from '../custom-fields/set-up.ts';
import { anyOwner } from '../records/owners.ts';
import { openAccess } from '../records/access.ts';
import { createKinds, kindsOfFields, tablesByKind } from '../kinds.ts';
import { createRecordService } from '../records/service.ts';
import { createLists } from '../lists/service.ts';
import { fieldCode } from '../words/field-code.ts';
import { createSearch } from '../search/service.ts';
import { explained } from './explained.ts';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

const companyId = '01890a5d-ac96-774b-bcce-b302099a8057';

let crm: CrmAppliance;
let sets: CustomFieldSets;
beforeAll(async () => {
  crm = await startCrm();
  await crm.database.query(
    `insert into companies (id, name, name_key, search) values ($1, 'One', 'one', array_to_tsvector('{one}'))`,
    [companyId],
  );
  await crm.database.query(
    `insert into contacts
        (id, first_name, first_name_key, last_name, last_name_key, email, email_key, company_id, tags, search)
      select gen_random_uuid(), first_name, first_name, last_name, last_name, email, email,
        case when n % 500 = 0 then $1::uuid end, array['tag ' || n % 1000],
        array_to_tsvector(array[$2 || first_name, $3 || last_name, $4 || email, $4 || 'plan.example'])
      from generate_series(1, 50000) as n, lateral (
        select 'first' || n % 300 as first_name, 'last' || n % 5000 as last_name,
          'person' || n || '@plan.example' as email
      ) as named`,
    [companyId, ...['first_name', 'last_name', 'email'].map(fieldCode)],
  );
  await crm.database.query(
    `insert into search_words
      select distinct translate((n * 7919 % 99991)::text || (n * 10473 % 9973)::text, '0123456789', 'abcdefghij')
      from generate_series(1, 50000) as n`,
  );
  await crm.database.query(
    `update contacts set last_name = 'Wischnewski', last_name_key = 'wischnewski',
    search = array_to_tsvector(array[$1 || 'wischnewski']) where email = 'person7@plan.example'`,
    [fieldCode('last_name')],
  );
  await crm.database.query(`insert into search_words values ('wischnewski')`);
  await crm.database.query('analyze contacts');
  await crm.database.query('analyze search_words');
  for (const field of [
    { name: 'rank', type: 'integer', indexed: true },
    { name: 'number', type: 'text', unique: true },
    { name: 'interests', type: 'multi_choice', indexed: true, options: [{ value: 'a' }, { value: 'b' }] },
  ]) {
    const body = { object: 'contacts', ...field };
    const { status } = await crm.send('POST', '/custom-fields', { role: 'admin', body });
    expect(status).toBe(201);
  }
  // A field that not every contact has.
  await crm.database.query(
    `update contacts set custom_rank = substring(email from '[0-9]+')::bigint, custom_number = email,
       custom_number__key = email, custom_interests = array[case when email like '%4707@%' then 'a' else 'b' end]
     where email like '%7@%'`,
  );
  await crm.database.query('analyze contacts');
  sets = await readFieldSets(crm.database, kindsOfFields);
});
afterAll(() => crm[Symbol.asyncDispose]());

const filters = (given: object) => ({ filters: { ...given } });
const filter = (given: object) => ({ filter: { ...given } });

test.each<[string, ListRequest, readonly (string | RegExp)[]]>([
  ['the list', {}, ['contacts_pkey']],
  ['the list by last name', { sort: 'last_name' }, ['contacts_last_name']],
  ['the list by last name, from the end', { sort: '-last_name' }, ['contacts_last_name']],
  ['the latest', { sort: '-created_at' }, ['contacts_created']],
  ['a whole e-mail', filters({ q: 'person4711@plan.example' }), ['contacts_search']],
  ['the beginning of a name', filters({ q: 'last77' }), ['contacts_search']],
  ['a name', filters({ q: 'last777' }), ['contacts_search']],
  ['two words', filters({ q: 'first7 last77' }), ['contacts_search']],
  ['what nobody has', filters({ q: 'zzz' }), ['contacts_search']],
  ['a tag', filters({ tag: 'tag 5' }), ['contacts_tags']],
  ['the contacts of a company', filter({ company_id: companyId }), ['contacts_company']],
  ['an e-mail in another spelling', filter({ email: 'PERSON9@plan.example' }), ['contacts_email_key']],
  ['a last name in another spelling', filter({ last_name: 'LAST77' }), ['contacts_last_name']],
  ['a value of a custom field', filter({ rank: 4_707 }), [/^custom_[0-9a-f]{32}$/]],
  ['the list by a custom field', { sort: 'rank' }, [/^custom_[0-9a-f]{32}$/]],
  ['the list by a custom field, from the end', { sort: '-rank' }, [/^custom_[0-9a-f]{32}$/]],
  ['a unique value in another spelling', filter({ number: 'PERSON7@plan.example' }), [/^custom_\w{32}_key$/]],
  ['one of several options', filter({ interests: { has_any: ['a'] } }), [/^custom_[0-9a-f]{32}$/]],
])(
  'of 50,000 contacts %s is found by an index, on the first page and behind it',
  async (_, request, indexes) => {
    const { service, plans } = watched();
    const first = await service.page({ ...request, limit: 3 }, by);
    if (first.next_cursor !== null)
      await service.page({ ...request, limit: 3, cursor: first.next_cursor }, by);
    for (const nodes of plans) expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
    const used = plans.flat().flatMap((node) => node['Index Name'] ?? []);
    for (const index of indexes)
      expect(used).toContainEqual(typeof index === 'string' ? index : expect.stringMatching(index));
  },
);

test.each([
  ['a name', 'last777', ['contacts_search']],
  ['two words', 'first7 last777', ['contacts_search']],
  ['a whole e-mail', 'person4711@plan.example', ['contacts_search']],
  ['a phone', '0171 1234567', ['contacts_search']],
  ['a typing error', 'wischnevski', ['contacts_search', 'search_words_pkey', 'search_words_ending']],
])('among 50,000 contacts a search for %s asks indexes alone', async (_, q, indexes) => {
  const { search, plans } = watched();
  const { items } = await search.search({ q }, by);
  expect(items.length).toBeGreaterThan(q.startsWith('0') ? -1 : 0);
  for (const nodes of plans) expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
  const used = plans.flat().flatMap((node) => node['Index Name'] ?? []);
  expect(used).toEqual(expect.arrayContaining([...indexes]));
});

const by: Caller = { id: 'planner', kind: 'user', name: 'planner', roles: ['admin'], teams: [], leads: [] };

/** The service of contacts over a database that explains each statement before it runs it. */
function watched() {
  const { database, plans } = explained(crm.database);
  const access = openAccess();
  const { contacts: kind } = createKinds(access, sets);
  const lists = createLists([kind], { database, access });
  return {
    search: createSearch([kind], { database, access, lists }),
    service: createRecordService(kind, { database, access, tables: tablesByKind, lists, owners: anyOwner() }),
    plans,
  };
}

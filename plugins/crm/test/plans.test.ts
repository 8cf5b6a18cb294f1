import { afterAll, beforeAll, expect, test } from 'vitest';
import { contactKind } from '../contacts/kind.ts';
import type { ContactFilter } from '../contacts/schemas.ts';
import { recordsOf } from '../records/store.ts';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

const companyId = '01890a5d-ac96-774b-bcce-b302099a8057';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
  await crm.database.query(
    `insert into companies (id, name, name_key, search) values ($1, 'One', 'one', array_to_tsvector('{one}'))`,
    [companyId],
  );
  await crm.database.query(
    `insert into contacts (id, first_name, last_name, email, email_key, company_id, tags, search)
      select gen_random_uuid(), first_name, last_name, email, email,
        case when n % 500 = 0 then $1::uuid end, array['tag ' || n % 1000],
        array_to_tsvector(array[first_name, last_name, email, 'person' || n, 'plan', 'example'])
      from generate_series(1, 50000) as n, lateral (
        select 'first' || n % 300 as first_name, 'last' || n % 5000 as last_name,
          'person' || n || '@plan.example' as email
      ) as named`,
    [companyId],
  );
  await crm.database.query('analyze contacts');
});
afterAll(() => crm[Symbol.asyncDispose]());

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

const middle = '80000000-0000-7000-8000-000000000000';

test.each<[string, ContactFilter, string | undefined, string]>([
  ['the list', {}, undefined, 'contacts_pkey'],
  ['a page after a cursor', {}, middle, 'contacts_pkey'],
  ['a whole e-mail', { q: 'person4711@plan.example' }, undefined, 'contacts_search'],
  ['three letters', { q: 'per' }, undefined, 'contacts_search'],
  ['a name', { q: 'last77' }, undefined, 'contacts_search'],
  ['a name after a cursor', { q: 'last77' }, middle, 'contacts_search'],
  ['two words', { q: 'first7 last77' }, undefined, 'contacts_search'],
  ['what nobody has', { q: 'zzz' }, undefined, 'contacts_search'],
  ['a tag', { tag: 'tag 5' }, undefined, 'contacts_tags'],
  ['the contacts of a company', { company_id: companyId }, undefined, 'contacts_company'],
])('of 50,000 contacts %s is found by an index', async (_, filter, after, index) => {
  const { sql, parameters } = recordsOf(contactKind, filter, after, 51);
  const [row] = await crm.database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (format json) ${sql}`,
    parameters,
  );
  const nodes = row === undefined ? [] : nodesOf(row['QUERY PLAN'][0].Plan);
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
  expect(nodes.flatMap((node) => node['Index Name'] ?? [])).toContain(index);
});

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

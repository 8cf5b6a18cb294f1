import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Contact } from '../contacts/schemas.ts';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
let other: CrmAppliance;
beforeAll(async () => {
  [crm, other] = await Promise.all([startCrm(), startCrm()]);
});
afterAll(async () => {
  await crm[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.string({
      unit: fc.constantFrom('=', '+', '-', '@', "'", '"', ',', '\n', '\r', '\t', 'a'),
      minLength: 1,
      maxLength: 8,
    }),
  )
  .filter((given) => given.trim() !== '');

/** The fields that a file carries, of all contacts with a tag. */
async function fieldsOf(appliance: CrmAppliance, tag: string) {
  const { body } = await appliance.send('GET', `/contacts?tag=${encodeURIComponent(tag)}`);
  const items: Contact[] = body.items;
  return items
    .map(({ first_name, last_name, email, phone, tags }) => ({ first_name, last_name, email, phone, tags }))
    .toSorted((left, right) => ((left.email ?? '') < (right.email ?? '') ? -1 : 1));
}

test('an export read by an import of another appliance gives the same contacts', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ first_name: text, last_name: text, tag: fc.constantFrom('=1', '-x', 'plain') }), {
        maxLength: 5,
      }),
      async (people) => {
        number += 1;
        const tag = `trip ${number}`;
        for (const [index, person] of people.entries()) {
          const { tag: extra, ...names } = person;
          const email = `+trip${number}.${index}@example.com`;
          await crm.create('contacts', { ...names, email, phone: '+49 30 1', tags: [tag, extra] });
        }
        const file = await crm.send('GET', `/contacts/export?tag=${tag}`);
        expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8');
        const started = await other.send('POST', '/imports?object=contacts', { body: file.body });
        const ended = await other.importEnded(started.body.id);
        const before = await fieldsOf(crm, tag);
        expect(ended).toMatchObject({ status: 'completed', rows_created: people.length, rows_failed: 0 });
        expect(await fieldsOf(other, tag)).toEqual(before);
      },
    ),
    { numRuns: 25 },
  );
});

test('cells that a spreadsheet would run are neutralised', async () => {
  const contact = await crm.create('contacts', {
    first_name: '=HYPERLINK("x")',
    email: 'f@formula.example',
  });
  const { body } = await crm.send('GET', '/contacts/export?q=f@formula.example');
  expect(body).toBe(
    'id,first_name,last_name,email,phone,company_id,owner_id,team_id,tags,created_at,updated_at\r\n' +
      `${contact.id},"'=HYPERLINK(""x"")",,f@formula.example,,,,,,${contact.created_at},${contact.updated_at}\r\n`,
  );
});

test('companies are exported too, to operators only', async () => {
  await crm.create('companies', { name: 'Acme, Inc.', domain: 'acme.example', tags: ['b', 'a'] });
  const { body } = await crm.send('GET', '/companies/export');
  expect(body).toMatch(
    /^id,name,domain,phone,website,parent_id,owner_id,team_id,tags,created_at,updated_at\r\n.*,"Acme, Inc.",acme.example,,,,,,a; b,/,
  );
  expect((await crm.send('GET', '/companies/export', { role: 'viewer' })).status).toBe(403);
  expect((await crm.send('GET', '/contacts/export', { role: 'viewer' })).status).toBe(403);
});

test('columns are chosen, in their order; those that there are not are refused by name', async () => {
  await crm.create('contacts', { first_name: 'Chosen', email: 'c@chosen.example', tags: ['chosen'] });
  const { body } = await crm.send('GET', '/contacts/export?tag=chosen&columns=email,%20first_name,version');
  expect(body).toBe('email,first_name,version\r\nc@chosen.example,Chosen,1\r\n');
  for (const [columns, message] of [
    ['email,shoe', expect.stringMatching(/^names "shoe"; the columns are id, first_name/)],
    ['email,email', 'names email twice; leave one out'],
  ] as const) {
    const refused = await crm.send('GET', `/contacts/export?columns=${columns}`);
    expect(refused.body.faults).toEqual([{ path: '/querystring/columns', message }]);
  }
});

test.each(['comma', 'semicolon', 'tab', 'pipe'])(
  'a file for Excel with %s is read back',
  async (delimiter) => {
    const names = { first_name: 'Zoë; "x", |', last_name: 'Tab\there' };
    const email = `${delimiter}@excel.example`;
    await crm.create('contacts', { ...names, email, tags: [delimiter] });
    const query = `tag=${delimiter}&delimiter=${delimiter}&byte_order_mark=true`;
    const { body } = await crm.send('GET', `/contacts/export?${query}&columns=first_name,last_name,email`);
    const started = await other.send('POST', '/imports?object=contacts', { body: `\uFEFF${body}` });
    const ended = await other.importEnded(started.body.id);
    expect(ended).toMatchObject({ rows_created: 1, format: { delimiter, byte_order_mark: true } });
    const { body: read } = await other.send('GET', `/contacts?q=${email}`);
    expect(read.items).toMatchObject([names]);
  },
);

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const create = async (kind: 'contacts' | 'companies', body: object) =>
  (await crm.send('POST', `/${kind}`, { body })).body;

test('tags are counted over contacts and companies, page by page', async () => {
  await create('contacts', { first_name: 'A', tags: ['alpha', 'beta'] });
  await create('contacts', { first_name: 'B', tags: ['beta', 'Ümlaut'] });
  await create('companies', { name: 'C', tags: ['beta'] });
  const first = await crm.send('GET', '/tags?limit=2');
  expect(first.body.items).toEqual([
    { name: 'alpha', contacts: 1, companies: 0, deals: 0, activities: 0 },
    { name: 'beta', contacts: 2, companies: 1, deals: 0, activities: 0 },
  ]);
  const second = await crm.send('GET', `/tags?limit=2&cursor=${first.body.next_cursor}`);
  expect(second.body).toEqual({
    items: [{ name: 'ümlaut', contacts: 1, companies: 0, deals: 0, activities: 0 }],
    next_cursor: null,
  });
});

test('renaming a tag changes every record that carries it, merges, and tells each', async () => {
  const both = await create('contacts', { first_name: 'Both', tags: ['old name', 'new'] });
  const firm = await create('companies', { name: 'Firm', tags: ['old name'] });
  const { status, body } = await crm.send('PATCH', '/tags/Old%20Name', { body: { name: ' NEW ' } });
  expect(status).toBe(200);
  expect(body).toEqual({ name: 'new', contacts: 1, companies: 1, deals: 0, activities: 0 });
  expect((await crm.send('GET', `/contacts/${both.id}`)).body).toMatchObject({ tags: ['new'], version: 2 });
  expect((await crm.send('GET', `/companies/${firm.id}`)).body).toMatchObject({ tags: ['new'], version: 2 });
  const [renamed] = await crm.events('old name', 1);
  expect(renamed).toMatchObject({ type: 'tag.renamed', data: { from: 'old name', to: 'new' } });
  expect((await crm.events(both.id, 2))[1]).toMatchObject({
    type: 'contact.updated',
    data: { changed: ['tags'] },
  });
  expect((await crm.send('PATCH', '/tags/old%20name', { body: { name: 'x' } })).body.code).toBe(
    'TAG_NOT_FOUND',
  );
  expect((await crm.send('PATCH', '/tags/new', { body: { name: 'a;b' } })).status).toBe(400);
});

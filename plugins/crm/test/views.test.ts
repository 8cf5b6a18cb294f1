import type { Caller } from '@orchestrall/sdk';
import { changeRecords } from '@orchestrall/sdk/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordKinds } from '../kinds.ts';
import { openAccess } from '../records/access.ts';
import { createViews } from '../views/service.ts';
import type { Views } from '../views/service.ts';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
let views: Views;
beforeAll(async () => {
  crm = await startCrm();
  views = createViews(Object.values(recordKinds), { database: crm.database, access: openAccess() });
});
afterAll(() => crm[Symbol.asyncDispose]());

const ada: Caller = { id: 'ada', kind: 'user', name: 'ada', roles: ['viewer'], teams: ['red'], leads: [] };
const eve: Caller = { ...ada, id: 'eve', name: 'eve', teams: [] };

async function save(body: object): Promise<Answer> {
  return crm.send('POST', '/views', { role: 'viewer', body: { name: 'Mine', kind: 'contact', ...body } });
}

/** Ids of the views that a caller begins with. */
async function defaults(by: Caller): Promise<unknown[]> {
  const { items } = await views.list({ limit: 200 }, by);
  return items.flatMap((view) =>
    'default' in view && view.default === true && 'id' in view ? [view.id] : [],
  );
}

test('a view keeps a filter, an order and fields, and its owner changes it with If-Match', async () => {
  const kept = {
    filter: { last_name: { starts_with: 'A' } },
    sort: '-created_at',
    fields: ['last_name', 'email'],
  };
  const { status, body } = await save(kept);
  expect({ status, body }).toMatchObject({
    status: 201,
    body: { ...kept, shared: 'own', valid: true, faults: [], default: false, version: 1 },
  });
  const path = `/views/${body.id}`;
  const patch = (match: string | undefined) =>
    crm.send('PATCH', path, { role: 'viewer', body: { name: 'Ours' }, headers: { 'if-match': match ?? '' } });
  expect(await patch('"7"')).toMatchObject({ status: 412, body: { details: { current: { name: 'Mine' } } } });
  expect(await patch('"1"')).toMatchObject({ status: 200, body: { name: 'Ours', version: 2 } });
  expect(await crm.send('DELETE', path, { role: 'viewer' })).toMatchObject({ status: 204 });
  expect(await crm.send('GET', path)).toMatchObject({ status: 404, body: { code: 'VIEW_NOT_FOUND' } });
  const events = await crm.events(body.id, 3);
  expect(events.map(({ type }) => type)).toEqual(['view.created', 'view.updated', 'view.deleted']);
  expect(await crm.audited(body.id)).toHaveLength(3);
});

test.each([
  ['a field that is not there', { filter: { shoe_size: 1 } }, '/filter/shoe_size'],
  ['an order by what has none', { sort: 'tags' }, '/sort'],
  ['a shown field that is not there', { fields: ['shoe_size'] }, '/fields'],
  ['a kind that is not there', { kind: 'dragon' }, '/kind'],
  ['another sharing', { shared: 'world' }, '/shared'],
  ['a filter with NUL', { filter: { last_name: 'a\u0000' } }, '/filter/last_name'],
  ['a filter that is text', { filter: '{}' }, '/filter'],
])('a view with %s is refused by name', async (_, fields, path) => {
  const { status, body } = await save(fields);
  expect({ status, path: body.faults?.[0]?.path.replace(/^\/body/, '') }).toEqual({ status: 400, path });
});

test('a user begins with one view of each kind', async () => {
  const create = (kind: string, by: Caller) =>
    changeRecords(crm.database, (tx) => views.create(tx, { name: 'Start', kind, shared: 'everyone' }, by));
  const [first, second, companies] = [
    await create('contact', ada),
    await create('contact', ada),
    await create('company', ada),
  ];
  const begin = (id: string, by: Caller) => changeRecords(crm.database, (tx) => views.setDefault(tx, id, by));
  await begin(first.id, ada);
  await begin(companies.id, ada);
  await begin(second.id, ada);
  await begin(first.id, eve);
  expect(await defaults(ada)).toEqual([second.id, companies.id]);
  expect(await defaults(eve)).toEqual([first.id]);
  await changeRecords(crm.database, (tx) => views.unsetDefault(tx, second.id, ada));
  expect(await defaults(ada)).toEqual([companies.id]);
});

test('a view is begun with over HTTP, and one that is not there is not', async () => {
  const { body } = await save({});
  expect(await crm.send('PUT', `/views/${body.id}/default`, { role: 'viewer' })).toMatchObject({
    status: 204,
  });
  expect((await crm.send('GET', `/views/${body.id}`, { role: 'viewer' })).body.default).toBe(true);
  expect(await crm.send('DELETE', `/views/${body.id}/default`, { role: 'viewer' })).toMatchObject({
    status: 204,
  });
  const unknown = '/views/01890a5d-ac96-774b-bcce-b302099a8057/default';
  expect(await crm.send('PUT', unknown, { role: 'viewer' })).toMatchObject({ status: 404 });
});

test('a view of another is neither seen nor changed unless it is shared, and then only seen', async () => {
  const create = (shared: string) =>
    changeRecords(crm.database, (tx) => views.create(tx, { name: 'Hers', kind: 'contact', shared }, ada));
  const own = await create('own');
  await expect(views.get(own.id, eve)).rejects.toMatchObject({ code: 'VIEW_NOT_FOUND' });
  const shared = await create('everyone');
  expect(await views.get(shared.id, eve)).toMatchObject({ name: 'Hers' });
  await expect(
    changeRecords(crm.database, (tx) => views.update(tx, shared.id, { name: 'His' }, eve)),
  ).rejects.toMatchObject({ code: 'NOT_YOURS' });
  await expect(changeRecords(crm.database, (tx) => views.remove(tx, shared.id, eve))).rejects.toMatchObject({
    code: 'NOT_YOURS',
  });
});

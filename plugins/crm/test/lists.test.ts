import type { Caller, Role } from '@orchestrall/sdk';
import { changeRecords } from '@orchestrall/sdk/resources';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordKinds } from '../kinds.ts';
import { createLists } from '../lists/service.ts';
import type { Lists } from '../lists/service.ts';
import { openAccess } from '../records/access.ts';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
let lists: Lists;
beforeAll(async () => {
  crm = await startCrm({
    access: { viewer: { contacts: { records: 'all', hidden: ['phone'], read_only: [] } } },
  });
  lists = createLists(Object.values(recordKinds), { database: crm.database, access: openAccess() });
});
afterAll(() => crm[Symbol.asyncDispose]());

const caller = (id: string, more: Partial<Caller> = {}): Caller => {
  const roles: Role[] = ['operator'];
  return { id, kind: 'user', name: id, roles, teams: [], leads: [], ...more };
};

async function makeList(body: object): Promise<Answer['body']> {
  const { status, body: list } = await crm.send('POST', '/lists', { body });
  expect({ status, list }).toMatchObject({ status: 201 });
  return list;
}

async function makeContacts(count: number, fields: object = {}): Promise<string[]> {
  const made = Array.from({ length: count }, (_, index) =>
    crm.create('contacts', { first_name: `Member ${index}`, ...fields }),
  );
  return (await Promise.all(made)).map(({ id }) => id);
}

async function memberIds(id: string, query = ''): Promise<string[]> {
  const { body } = await crm.send('GET', `/lists/${id}/members${query}`);
  return body.items.map((item: { id: string }) => item.id).toSorted();
}

/** A list that a caller makes. */
async function create(input: object, by: Caller): Promise<{ readonly id: string }> {
  const fields = { name: 'Of somebody', kind: 'contact', ...input };
  return changeRecords(crm.database, (tx) => lists.create(tx, fields, by));
}

/** Whether a caller meets a list among all lists, and alone. */
async function seen(id: string, by: Caller): Promise<boolean> {
  const { items } = await lists.list({ filter: { id } }, by);
  const [alone] = await Promise.allSettled([lists.get(id, by)]);
  expect(alone.status).toBe(items.length === 1 ? 'fulfilled' : 'rejected');
  return items.length === 1;
}

const change = (id: string, body: object, headers = {}) =>
  crm.send('POST', `/lists/${id}/members`, { body, headers });

describe('a static list', () => {
  test('holds what is added to it, until it is taken away', async () => {
    const list = await makeList({ name: 'Fair', kind: 'contact' });
    const [one = '', two = '', three = ''] = await makeContacts(3);
    expect((await change(list.id, { add: [one, two, three] })).body).toEqual({
      added: 3,
      removed: 0,
      unknown: [],
    });
    expect((await change(list.id, { add: [one], remove: [two] })).body).toEqual({
      added: 0,
      removed: 1,
      unknown: [],
    });
    expect(await memberIds(list.id)).toEqual([one, three].toSorted());
    const events = await crm.events(list.id, 3);
    expect(events.map(({ type }) => type)).toEqual([
      'list.created',
      'list.members_changed',
      'list.members_changed',
    ]);
    expect(events[1]?.data).toEqual({ list_id: list.id, kind: 'contact', added: 3, removed: 0 });
    expect(await crm.audited(list.id)).toHaveLength(3);
  });

  test('names the ids that are no records of its kind, and adds the others', async () => {
    const list = await makeList({ name: 'Some', kind: 'contact' });
    const [one = ''] = await makeContacts(1);
    const company = await crm.create('companies', { name: 'Not a contact' });
    expect((await change(list.id, { add: [one, company.id] })).body).toEqual({
      added: 1,
      removed: 0,
      unknown: [company.id],
    });
  });

  test('takes all records of a filter, is paged, counted, filtered, searched and exported', async () => {
    const list = await makeList({ name: 'Town', kind: 'contact' });
    await makeContacts(7, { last_name: 'Townsend' });
    expect((await change(list.id, { add_filter: { last_name: 'townsend' } })).body.added).toBe(7);
    const first = await crm.send('GET', `/lists/${list.id}/members?limit=4&count=true`);
    expect(first.body).toMatchObject({ count: { value: 7, estimated: false } });
    const second = await crm.send(
      'GET',
      `/lists/${list.id}/members?limit=4&cursor=${first.body.next_cursor}`,
    );
    expect(first.body.items.length + second.body.items.length).toBe(7);
    expect(second.body.next_cursor).toBeNull();
    const { body: listed } = await crm.send('GET', `/contacts?list=${list.id}&q=townsend`);
    expect(listed.items).toHaveLength(7);
    const { body: none } = await crm.send('GET', `/companies?list=${list.id}`);
    expect(none.items).toEqual([]);
    const { body: found } = await crm.send('GET', `/search?q=member%203&list=${list.id}`);
    expect(found.items.map(({ title }: { title: string }) => title)).toEqual(['Member 3 Townsend']);
    const { body: file } = await crm.send('GET', `/contacts/export?list=${list.id}`);
    expect(String(file).trim().split('\n')).toHaveLength(8);
  });

  test('loses records that are deleted', async () => {
    const list = await makeList({ name: 'Short', kind: 'contact' });
    const [one = '', two = ''] = await makeContacts(2);
    await change(list.id, { add: [one, two] });
    await crm.send('DELETE', `/contacts/${one}`);
    expect(await memberIds(list.id)).toEqual([two]);
    expect(await crm.database.query('select 1 from list_members where record_id = $1', [one])).toEqual([]);
  });

  test('changes its members once for each Idempotency-Key', async () => {
    const list = await makeList({ name: 'Once', kind: 'contact' });
    const [one = ''] = await makeContacts(1);
    const headers = { 'idempotency-key': `members-${list.id}` };
    const first = await change(list.id, { add: [one] }, headers);
    expect(await change(list.id, { add: [one] }, headers)).toMatchObject({ status: 200, body: first.body });
    expect(first.body.added).toBe(1);
  });

  test('keeps each member once while many add the same ones', async () => {
    const list = await makeList({ name: 'Crowd', kind: 'contact' });
    const ids = await makeContacts(10);
    const answers = await Promise.all(Array.from({ length: 8 }, () => change(list.id, { add: ids })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.reduce((sum, { body }) => sum + body.added, 0)).toBe(10);
  });
});

describe('a dynamic list', () => {
  test('holds whatever its filter finds', async () => {
    const list = await makeList({
      name: 'Ada and others',
      kind: 'contact',
      type: 'dynamic',
      filter: { first_name: { starts_with: 'adadyn' } },
    });
    expect(await memberIds(list.id)).toEqual([]);
    const [one = ''] = await makeContacts(1, { first_name: 'Adadyna' });
    expect(await memberIds(list.id)).toEqual([one]);
    const { status, body } = await change(list.id, { add: [one] });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'LIST_IS_DYNAMIC' });
  });

  test('says what no longer fits when a field of its filter is gone', async () => {
    const list = await makeList({
      name: 'Broken',
      kind: 'contact',
      type: 'dynamic',
      filter: { last_name: 'x' },
    });
    expect(list).toMatchObject({ valid: true, faults: [] });
    await crm.database.query(`update lists set filter = '{"shoe_size":{"gt":43}}' where id = $1`, [list.id]);
    const { body } = await crm.send('GET', `/lists/${list.id}`);
    expect(body).toMatchObject({ valid: false, faults: [{ path: '/filter/shoe_size' }] });
    const { status, body: problem } = await crm.send('GET', `/lists/${list.id}/members`);
    expect({ status, fault: problem.faults[0].path }).toEqual({ status: 400, fault: '/querystring/list' });
  });

  test('over a field that is hidden from a role neither shows it nor works for it', async () => {
    const filter = { phone: { starts_with: '+49' } };
    const list = await makeList({
      name: 'Phones',
      kind: 'contact',
      type: 'dynamic',
      shared: 'everyone',
      filter,
    });
    const { body } = await crm.send('GET', `/lists/${list.id}`, { role: 'admin' });
    expect(body).toMatchObject({ filter, valid: true });
    const viewer = { ...caller('stranger'), roles: ['viewer' as const] };
    const access = openAccess();
    const hiding = createLists(Object.values(recordKinds), {
      database: crm.database,
      access: {
        ...access,
        viewOf: (by, kind) => ({ ...access.viewOf(by, kind), hidden: new Set(['phone']) }),
      },
    });
    expect(await hiding.get(list.id, viewer)).toMatchObject({ filter: null, valid: false });
    await expect(hiding.conditionOf(list.id, recordKinds.contacts, viewer)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  test.each([
    ['without a filter', { type: 'dynamic' }, '/filter'],
    ['that is static, with one', { filter: { last_name: 'x' } }, '/filter'],
    ['of a field that is not there', { type: 'dynamic', filter: { shoe_size: 43 } }, '/filter/shoe_size'],
    ['of no known kind', { kind: 'dragon' }, '/kind'],
    ['for a team that is not named', { shared: 'team' }, '/team_id'],
    ['of another type', { type: 'magic' }, '/type'],
  ])('%s is refused', async (_, fields, path) => {
    const { status, body } = await crm.send('POST', '/lists', {
      body: { name: 'No', kind: 'contact', ...fields },
    });
    expect({ status, path: body.faults?.[0]?.path.replace(/^\/body/, '') }).toEqual({ status: 400, path });
  });
});

describe('a list', () => {
  test('is seen by those it is shared with, and by administrators', async () => {
    const ada = caller('ada', { teams: ['red'] });
    const own = await create({}, ada);
    const team = await create({ shared: 'team', team_id: 'red' }, ada);
    const all = await create({ shared: 'everyone' }, ada);
    const people = [
      ada,
      caller('bob', { teams: ['red'] }),
      caller('eve'),
      { ...caller('root'), roles: ['admin' as const] },
    ];
    const matrix = await Promise.all(
      [own, team, all].map(({ id }) => Promise.all(people.map((by) => seen(id, by)))),
    );
    expect(matrix).toEqual([
      [true, false, false, true],
      [true, true, false, true],
      [true, true, true, true],
    ]);
  });

  test('is changed by its owner and administrators alone, and shared with a team of theirs', async () => {
    const ada = caller('ada');
    const { id } = await create({ shared: 'everyone' }, ada);
    const rename = (by: Caller, patch: object = { name: by.id }) =>
      changeRecords(crm.database, (tx) => lists.update(tx, id, patch, by));
    await expect(rename(caller('eve'))).rejects.toMatchObject({ code: 'NOT_YOURS', status: 403 });
    await expect(
      changeRecords(crm.database, (tx) => lists.changeMembers(tx, id, { add: [] }, caller('eve'))),
    ).rejects.toMatchObject({ code: 'NOT_YOURS' });
    await expect(rename(ada, { shared: 'team', team_id: 'blue' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(await rename({ ...caller('root'), roles: ['admin'] })).toMatchObject({
      name: 'root',
      owner_id: 'ada',
    });
  });

  test('is changed by PATCH with If-Match, and keeps its kind and type', async () => {
    const list = await makeList({ name: 'Before', kind: 'contact' });
    const path = `/lists/${list.id}`;
    const patch = (body: object, match: string) =>
      crm.send('PATCH', path, { body, headers: { 'if-match': match } });
    expect(await patch({ name: 'After' }, '"1"')).toMatchObject({
      status: 200,
      body: { name: 'After', version: 2 },
    });
    expect(await patch({ name: 'Late' }, '"1"')).toMatchObject({ status: 412 });
    expect(await patch({ kind: 'company' }, '"2"')).toMatchObject({ status: 400 });
    expect(await patch({ type: 'dynamic', filter: {} }, '"2"')).toMatchObject({ status: 400 });
    expect(await crm.send('DELETE', path, { headers: { 'if-match': '"2"' } })).toMatchObject({ status: 204 });
    expect(await crm.send('GET', path)).toMatchObject({ status: 404, body: { code: 'LIST_NOT_FOUND' } });
    expect(await crm.send('GET', `/contacts?list=${list.id}`)).toMatchObject({ status: 400 });
  });
});

test.each([
  ['not an id', { add: ['x'] }],
  ['too many ids', { add: Array.from({ length: 1_001 }, () => '01890a5d-ac96-774b-bcce-b302099a8057') }],
  ['an unknown member', { plus: [] }],
  ['a filter that is none', { add_filter: { shoe_size: 1 } }],
  ['a filter nested too deep', { add_filter: deep(1_000) }],
])('a change of members with %s is refused', async (_, body) => {
  const list = await makeList({ name: 'Strict', kind: 'contact' });
  expect((await change(list.id, body)).status).toBe(400);
});

function deep(levels: number): object {
  let filter: object = { last_name: 'x' };
  for (let level = 0; level < levels; level += 1) filter = { not: filter };
  return filter;
}

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TestAppliance } from '../../../testing/appliance.ts';
import { ask, createParcel, parcels, shelves, startDepot } from './depot.ts';

let world: TestAppliance;

beforeAll(async () => {
  world = await startDepot();
});
afterAll(() => world?.[Symbol.asyncDispose]());
beforeEach(async () => {
  const database = world.appliance.rooms.database.forPlugin('depot');
  await database.query('delete from parcels');
  await database.query('delete from shelves');
});

const nobody = '018f0000-0000-7000-8000-000000000001';
const faulty = (path: string, text: RegExp | string) => ({
  status: 400,
  body: { code: 'VALIDATION_FAILED', faults: [{ path, message: expect.stringMatching(text) }] },
});
const list = async (query: string) => ask(world, 'GET', `${parcels}?${query}`);
const query = async (body: object) => ask(world, 'POST', `${parcels}/query`, { body });
const encode = (filter: unknown): string => `filter=${encodeURIComponent(JSON.stringify(filter))}`;

function nested(depth: number): object {
  let filter: object = { weight: 1 };
  for (let level = 1; level < depth; level += 1) filter = { not: filter };
  return filter;
}

test('a filter is nested 8 deep at most, whether by the address or the body', async () => {
  expect(await list(encode(nested(8)))).toMatchObject({ status: 200 });
  const text = /^must not be nested deeper than 8/;
  const at = '/not'.repeat(8);
  for (const depth of [9, 200])
    expect(await list(encode(nested(depth)))).toMatchObject(faulty(`/querystring/filter${at}`, text));
  expect(await query({ filter: nested(9) })).toMatchObject(faulty(`/filter${at}`, text));
  // Bodies have a limit of their own.
  expect(await query({ filter: nested(1_000) })).toMatchObject(
    faulty('', 'must not be nested more than 100'),
  );
});

const terms = (count: number) => ({ or: Array.from({ length: count }, (_, index) => ({ weight: index })) });

const values = (count: number) => ({ weight: { in: Array.from({ length: count }, (_, index) => index) } });

test('a filter holds 100 comparisons and lists of 1,000 values at most', async () => {
  expect(await query({ filter: terms(100) })).toMatchObject({ status: 200 });
  for (const count of [101, 10_000]) {
    expect(await query({ filter: terms(count) })).toMatchObject({
      status: 400,
      body: { faults: [{ message: expect.stringContaining('more than 100 comparisons') }] },
    });
  }
  expect(await query({ filter: values(1_000) })).toMatchObject({ status: 200 });
  expect(await query({ filter: values(1_001) })).toMatchObject(
    faulty('/filter/weight/in', 'at most 1000 values'),
  );
});

test.each([
  ['{', '', 'must be JSON such as'],
  ['[]', '', 'must be an object of fields'],
  ['1', '', 'must be an object of fields'],
  ['{"and":[]}', '/and', 'must be a list of at least one filter'],
  ['{"and":{}}', '/and', 'must be a list of at least one filter'],
  ['{"not":[]}', '/not', 'must be an object of fields'],
  ['{"colour":1}', '/colour', 'cannot be filtered by; what can be: id, created_at, updated_at, code, weight'],
  ['{"weight":{}}', '/weight', 'must be an object with one of eq, ne'],
  ['{"weight":[1]}', '/weight', 'must be a whole number'],
  ['{"weight":{"like":1}}', '/weight/like', 'is not an operator of this field; it has eq, ne, gt'],
  ['{"weight":{"in":[]}}', '/weight/in', 'must be a list of at least one value'],
  ['{"weight":{"in":[1,"x"]}}', '/weight/in', 'must be a whole number from .*; value 1 is not'],
  ['{"weight":"1"}', '/weight', 'must be a whole number'],
  ['{"weight":1e300}', '/weight', 'must be a whole number'],
  ['{"weight":9007199254740993}', '/weight', 'must be a whole number'],
  ['{"code":5}', '/code', 'must be text'],
  ['{"code":"\\u0000"}', '/code', 'must not hold the character U\\+0000'],
  ['{"code":"\\ud800"}', '/code', 'must not hold half of a surrogate pair'],
  ['{"shelf_id":"x"}', '/shelf_id', 'must be an id'],
  ['{"created_at":"yesterday"}', '/created_at', 'must be an instant with its offset'],
  ['{"created_at":"0001-01-01T00:00:00+23:59"}', '/created_at', 'must be an instant with its offset'],
  ['{"created_at":"9999-12-31T23:59:59-12:00"}', '/created_at', 'must be an instant with its offset'],
  ['{"code":{"is_null":"yes"}}', '/code/is_null', 'must be true or false'],
])('the filter %s is refused at %s, with what would be right', async (filter, at, text) => {
  const answer = await list(`filter=${encodeURIComponent(filter)}`);
  expect(answer).toMatchObject(faulty(`/querystring/filter${at}`, text));
});

test('sort, fields and include name what is declared, each at most once, and say what that is', async () => {
  const order = '/querystring/sort';
  expect(await list('sort=colour')).toMatchObject(
    faulty(order, 'must not name "colour"; what can be sorted by: id'),
  );
  expect(await list('sort=weight,')).toMatchObject(faulty(order, 'must not name ""'));
  expect(await list('sort=weight,-weight')).toMatchObject(faulty(order, 'names a field twice'));
  expect(await list('sort=code,weight,count,created_at')).toMatchObject(faulty(order, 'at most 3 fields'));
  expect(await list('fields=colour')).toMatchObject(
    faulty('/querystring/fields', 'must not name "colour"; what can'),
  );
  expect(await list('include=owner')).toMatchObject(
    faulty('/querystring/include', 'must not name "owner"; what can be named: shelf'),
  );
  expect(await ask(world, 'GET', `${shelves}?include=parcels`)).toMatchObject(
    faulty('/querystring/include', 'there is nothing to name here'),
  );
});

test('a parameter that is given twice, is unknown or out of bounds is refused by name', async () => {
  for (const twice of [
    'filter={}&filter={}',
    'sort=code&sort=weight',
    'limit=1&limit=2',
    'cursor=a&cursor=b',
  ]) {
    const name = twice.split('=', 1)[0] ?? '';
    expect(await list(twice), twice).toMatchObject(faulty(`/querystring/${name}`, 'must be'));
  }
  for (const limit of ['0', '201', '-1', '1.5', 'x', '']) {
    expect((await list(`limit=${limit}`)).status, limit).toBe(400);
  }
  expect(await query({ limit: 201 })).toMatchObject(faulty('/limit', 'must be'));
  expect((await query({ sorted: 'code' })).status).toBe(400);
  expect(await list('filtr={}')).toMatchObject(faulty('/querystring/filtr', 'is not'));
});

test('an address beyond what a request may have is refused, and the same filter in a body is not', async () => {
  const codes = Array.from({ length: 900 }, (_, index) => `code-of-some-length-${index}`);
  const long = await list(encode({ code: { in: codes } }));
  expect(long).toMatchObject({ status: 431, body: { code: 'HEADERS_TOO_LARGE' } });
  expect(await query({ filter: { code: { in: codes } } })).toMatchObject({
    status: 200,
    body: { items: [] },
  });
});

test('POST .../query pages as the list does, and a cursor of the one is the other’s where they ask the same', async () => {
  for (const code of ['a', 'b', 'c']) await createParcel(world, { code });
  const first = await query({ sort: '-code', limit: 2, count: true });
  expect(first.body).toMatchObject({
    items: [{ code: 'c' }, { code: 'b' }],
    count: { value: 3, estimated: false },
  });
  const cursor = String(first.body['next_cursor']);
  expect((await query({ sort: '-code', limit: 2, cursor })).body).toMatchObject({
    items: [{ code: 'a' }],
    next_cursor: null,
  });
  expect((await list(`sort=-code&cursor=${cursor}`)).body).toMatchObject({ items: [{ code: 'a' }] });
  expect(await list(`sort=code&cursor=${cursor}`)).toMatchObject({
    status: 400,
    body: { code: 'CURSOR_INVALID' },
  });
  expect(await list(`sort=-code&cursor=${cursor.slice(0, -2)}`)).toMatchObject({
    status: 400,
    body: { code: 'CURSOR_INVALID' },
  });
});

test('include answers related records inside each, null for those that are not there, whatever fields leaves out', async () => {
  const { body: shelf } = await ask(world, 'POST', shelves, { body: { name: 'top' } });
  await createParcel(world, { code: 'a', shelf_id: shelf['id'] });
  await createParcel(world, { code: 'b', shelf_id: nobody });
  const { id } = await createParcel(world, { code: 'c' });
  expect((await list('include=shelf&sort=code')).body['items']).toMatchObject([
    { code: 'a', shelf_id: shelf['id'], shelf: { id: shelf['id'], name: 'top', version: 1 } },
    { code: 'b', shelf_id: nobody, shelf: null },
    { code: 'c', shelf_id: null, shelf: null },
  ]);
  const parts = await query({ include: 'shelf', fields: 'code', sort: 'code', limit: 1 });
  expect(parts.body['items']).toEqual([{ id: expect.any(String), version: 1, code: 'a', shelf }]);
  const got = await ask(world, 'GET', `${parcels}/${id}?include=shelf&fields=code`);
  expect(got).toMatchObject({ status: 200, body: { id, version: 1, code: 'c', shelf: null } });
  expect(got.body).not.toHaveProperty('shelf_id');
  expect(got.headers.get('etag')).toBe('"1"');
});

test('include is never 304: a record’s version says nothing of the record inside it', async () => {
  const { id } = await createParcel(world, { code: 'a' });
  const headers = { 'if-none-match': '"1"' };
  expect((await ask(world, 'GET', `${parcels}/${id}`, { headers })).status).toBe(304);
  expect((await ask(world, 'GET', `${parcels}/${id}?include=shelf`, { headers })).status).toBe(200);
});

test('fields leaves out all but id, version and what it names', async () => {
  const { id } = await createParcel(world, { code: 'a', weight: 1 });
  const { body } = await ask(world, 'GET', `${parcels}/${id}?fields=code,created_at`);
  expect(Object.keys(body).toSorted()).toEqual(['code', 'created_at', 'id', 'version']);
});

test('If-None-Match is compared weakly and over a list; the answer 304 has the ETag and no body', async () => {
  const { id } = await createParcel(world, { code: 'a' });
  for (const tag of ['"1"', 'W/"1"', '"7", "1"', '"7",W/"1"', '*']) {
    const answer = await world.request('GET', `${parcels}/${id}`, { headers: { 'if-none-match': tag } });
    expect(answer.status, tag).toBe(304);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(await answer.text()).toBe('');
  }
  for (const tag of ['"2"', '1', '']) {
    const headers = { 'if-none-match': tag };
    expect((await ask(world, 'GET', `${parcels}/${id}`, { headers })).status, tag).toBe(200);
  }
});

test('If-Match is compared strongly; without it a change is 428, with another version 412 and the current state', async () => {
  const { id } = await createParcel(world, { code: 'a' });
  const patch = async (tag: string | undefined) =>
    ask(world, 'PATCH', `${parcels}/${id}`, {
      body: { weight: 5 },
      headers: tag === undefined ? {} : { 'if-match': tag },
    });
  expect(await patch(undefined)).toMatchObject({ status: 428, body: { code: 'PRECONDITION_REQUIRED' } });
  for (const tag of ['"2"', 'W/"1"', '1', '"x"']) {
    expect(await patch(tag), tag).toMatchObject({
      status: 412,
      body: { code: 'VERSION_MISMATCH', details: { current: { id, version: 1, weight: null } } },
    });
  }
  expect((await patch('"0", "1"')).headers.get('etag')).toBe('"2"');
  // The same values again change nothing, and the version stays.
  expect((await patch('*')).headers.get('etag')).toBe('"2"');
  expect((await ask(world, 'DELETE', `${parcels}/${id}`)).status).toBe(428);
  expect((await ask(world, 'DELETE', `${parcels}/${id}`, { headers: { 'if-match': '"1"' } })).status).toBe(
    412,
  );
  expect((await ask(world, 'DELETE', `${parcels}/${id}`, { headers: { 'if-match': '"2"' } })).status).toBe(
    204,
  );
  expect(await ask(world, 'DELETE', `${parcels}/${id}`, { headers: { 'if-match': '*' } })).toMatchObject({
    status: 404,
    body: { code: 'RECORD_NOT_FOUND' },
  });
});

test('Prefer: return=minimal leaves the record out, and says so', async () => {
  const headers = { prefer: 'respond-async, return = minimal;x=1' };
  const made = await world.request('POST', parcels, { body: { code: 'a' }, headers });
  expect([made.status, await made.text()]).toEqual([201, '']);
  expect(made.headers.get('preference-applied')).toBe('return=minimal');
  expect(made.headers.get('etag')).toBe('"1"');
  const location = made.headers.get('location') ?? '';
  const changed = await world.request('PATCH', location, {
    body: { weight: 1 },
    headers: { ...headers, 'if-match': '"1"' },
  });
  expect([changed.status, changed.headers.get('etag'), await changed.text()]).toEqual([204, '"2"', '']);
  const whole = await ask(world, 'POST', parcels, {
    body: { code: 'b' },
    headers: { prefer: 'return=representation' },
  });
  expect(whole.body).toMatchObject({ code: 'b' });
});

const batch = async (body: object, headers: Record<string, string> = {}) =>
  ask(world, 'POST', `${parcels}/batch`, { body, headers });

const problem = (code: string, ...paths: string[]) => ({
  problem: { code, ...(paths.length === 0 ? {} : { faults: paths.map((path) => ({ path })) }) },
});

test('a batch changes what can be changed, one after another, with a result for each', async () => {
  const kept = await createParcel(world, { code: 'kept' });
  const gone = await createParcel(world, { code: 'gone' });
  const { status, body } = await batch({
    items: [
      { action: 'create', body: { code: 'new' } },
      { action: 'create', body: { code: 'NEW' } },
      { action: 'create', body: { weight: 1 } },
      { action: 'update', id: kept.id, if_match: '"1"', body: { weight: 7 } },
      { action: 'update', id: kept.id, if_match: '"1"', body: { weight: 8 } },
      { action: 'update', id: kept.id, body: { weight: 8 } },
      { action: 'update', id: nobody, if_match: '*', body: { weight: 8 } },
      { action: 'delete', id: gone.id, if_match: '"1"' },
      { action: 'delete', id: gone.id, if_match: '"1"' },
      { action: 'create', id: nobody, if_match: '"1"', body: { code: 'x' } },
      { action: 'update', body: {} },
      { action: 'update', id: kept.id, if_match: '*' },
      { action: 'delete', id: kept.id, if_match: '*', body: {} },
    ],
  });
  expect([status, body['succeeded'], body['failed']]).toEqual([200, 3, 10]);
  expect(body['results']).toMatchObject([
    { index: 0, status: 201, etag: '"1"', body: { code: 'new' } },
    { index: 1, status: 409, ...problem('CONSTRAINT_VIOLATED') },
    { index: 2, status: 400, ...problem('VALIDATION_FAILED', '/code') },
    { index: 3, status: 200, etag: '"2"', body: { weight: 7 } },
    { index: 4, status: 412, ...problem('VERSION_MISMATCH') },
    { index: 5, status: 428, ...problem('PRECONDITION_REQUIRED') },
    { index: 6, status: 404, ...problem('RECORD_NOT_FOUND') },
    { index: 7, status: 204, id: gone.id },
    { index: 8, status: 404, ...problem('RECORD_NOT_FOUND') },
    { index: 9, status: 400, ...problem('VALIDATION_FAILED', '/id', '/if_match') },
    { index: 10, status: 400, ...problem('VALIDATION_FAILED', '/id') },
    { index: 11, status: 400, ...problem('VALIDATION_FAILED', '/body') },
    { index: 12, status: 400, ...problem('VALIDATION_FAILED', '/body') },
  ]);
  expect((await list('sort=code&fields=code')).body['items']).toMatchObject([
    { code: 'kept' },
    { code: 'new' },
  ]);
});

const items = [
  { action: 'create', body: { code: 'one' } },
  { action: 'update', id: nobody, if_match: '*', body: { weight: 1 } },
];

test('an atomic batch changes all or nothing, and names what stood in its way', async () => {
  expect(await batch({ items, atomic: true })).toMatchObject({
    status: 409,
    body: {
      code: 'BATCH_REFUSED',
      detail: '1 of 2 changes cannot be made, so none was made.',
      details: { results: [{ index: 1, status: 404 }] },
    },
  });
  expect((await list('')).body['items']).toEqual([]);
  expect((await batch({ items: items.slice(0, 1), atomic: true })).status).toBe(200);
});

const newItems = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ action: 'create', body: { code: `p${index}` } }));

test('a batch holds 1 to 1,000 items; minimal leaves the records out of its results', async () => {
  expect((await batch({ items: [] })).status).toBe(400);
  expect((await batch({ items: newItems(1_001) })).status).toBe(400);
  const all = await batch({ items: newItems(1_000) }, { prefer: 'return=minimal' });
  expect(all).toMatchObject({ status: 200, body: { succeeded: 1_000, failed: 0 } });
  expect((all.body['results'] as object[])[0]).toEqual({
    index: 0,
    status: 201,
    id: expect.any(String),
    etag: '"1"',
  });
});

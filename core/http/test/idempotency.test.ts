import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { sweepAnswers } from '../idempotency/kept-answers.ts';
import { entriesOf, entriesPath, send, startLedger } from './keyed-requests.ts';

let database: TestDatabase;
let world: TestAppliance;

beforeAll(async () => {
  database = await testDatabase();
  world = await startLedger(database);
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const core = () => world.appliance.rooms.database.core();
const countOf = async (text: string): Promise<number> =>
  (await entriesOf(world)).filter((entry) => entry === text).length;
const keptRows = async (): Promise<number> => {
  const [row] = await core().query<{ count: number }>('select count(*) as count from core.kept_answers');
  return row?.count ?? 0;
};

test('a repeat gets the first answer with its status, headers and body, and changes nothing', async () => {
  const text = randomUUID();
  const key = randomUUID();
  const first = await send(world, { key, body: { text } });
  expect(first).toMatchObject({ status: 201, replayed: false, body: { text } });
  // The same JSON in other words, and the key in quotes as the draft writes it.
  const again = await send(world, {
    key: `"${key}"`,
    body: `{ "text" : "${text}" }`,
    headers: { 'content-type': 'application/json' },
  });
  expect(again).toMatchObject({ status: 201, replayed: true, text: first.text });
  for (const name of ['location', 'etag', 'content-type', 'x-content-type-options']) {
    expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)]);
  }
  expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
  expect(await countOf(text)).toBe(1);
});

test('without the key every request is done, and nothing is kept', async () => {
  const text = randomUUID();
  const before = await keptRows();
  expect((await send(world, { body: { text } })).status).toBe(201);
  expect((await send(world, { body: { text } })).status).toBe(201);
  expect(await countOf(text)).toBe(2);
  expect(await keptRows()).toBe(before);
});

test.each([
  ['body', { body: { text: 'another' } }],
  ['query', { path: `${entriesPath}?a=1` }],
])('a key that comes back with another %s is refused', async (_what, other) => {
  const key = randomUUID();
  expect((await send(world, { key })).status).toBe(201);
  const refused = await send(world, { key, ...other });
  expect(refused).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
});

test('a key belongs to one path and one method', async () => {
  const key = randomUUID();
  const { body } = await send(world, { key });
  const path = `${entriesPath}/${String(body['id'])}`;
  expect(await send(world, { key, method: 'PUT', path })).toMatchObject({ status: 200, replayed: false });
  expect(await send(world, { key, method: 'DELETE', path })).toMatchObject({ status: 204, replayed: false });
  expect(await send(world, { key, method: 'DELETE', path })).toMatchObject({
    status: 204,
    replayed: true,
    text: '',
  });
  // With another key it is another deletion, and there is nothing left to delete.
  expect(await send(world, { key: randomUUID(), method: 'DELETE', path })).toMatchObject({ status: 404 });
});

test.each([
  ['is empty', ''],
  ['has 256 characters', 'k'.repeat(256)],
  ['holds a letter outside ASCII', 'schlüssel'],
  ['opens a quote that it never closes', '"abc'],
  ['goes on after its quotes', '"abc"; a=1'],
])('a key that %s is refused, naming the header', async (_why, key) => {
  const refused = await send(world, { key });
  expect(refused).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION_FAILED', faults: [{ path: '/headers/idempotency-key' }] },
  });
});

test('what was refused or failed is not kept: the same key may bring it again, also corrected', async () => {
  const text = randomUUID();
  const key = randomUUID();
  expect((await send(world, { key, body: { text: '' } })).status).toBe(400);
  expect((await send(world, { key, body: { text: 'x' }, behave: 'refuse' })).status).toBe(409);
  expect((await send(world, { key, body: { text: 'y' }, behave: 'fail-before-commit' })).status).toBe(500);
  expect(await send(world, { key, body: { text } })).toMatchObject({ status: 201, replayed: false });
  expect(await send(world, { key, body: { text } })).toMatchObject({ status: 201, replayed: true });
  expect(await countOf(text)).toBe(1);
});

test('a handler that fails after its commit is answered by what was committed', async () => {
  const text = randomUUID();
  const key = randomUUID();
  const first = await send(world, { key, body: { text }, behave: 'fail-after-commit' });
  expect(first).toMatchObject({ status: 201, replayed: true, body: { text } });
  expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await send(world, { key, body: { text } })).toMatchObject({ status: 201, text: first.text });
  expect(await countOf(text)).toBe(1);
});

test('a savepoint that is rolled back takes its answer with it', async () => {
  const key = randomUUID();
  expect(await send(world, { key, behave: 'take-back' })).toMatchObject({ status: 202, text: '' });
  expect(await send(world, { key, behave: 'take-back' })).toMatchObject({
    status: 202,
    replayed: true,
    text: '',
  });
});

test('while the first is under way, a repeat is told to come again, and another body is refused', async () => {
  const text = randomUUID();
  const key = randomUUID();
  const first = send(world, { key, body: { text }, behave: 'wait' });
  await expect.poll(async () => (await send(world, { key, body: { text } })).status).toBe(409);
  const repeat = await send(world, { key, body: { text } });
  expect(repeat).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_IN_FLIGHT' } });
  expect(repeat.headers.get('retry-after')).toBe('1');
  expect(await send(world, { key, body: { text: 'another' } })).toMatchObject({ status: 422 });
  await expect
    .poll(async () => (await world.request('POST', '/api/v1/ledger/let-go')).json())
    .toEqual({ released: 1 });
  const answer = await first;
  expect(answer).toMatchObject({ status: 201, replayed: false });
  expect(await send(world, { key, body: { text } })).toMatchObject({ status: 201, text: answer.text });
  expect(await countOf(text)).toBe(1);
});

test('fifty requests with one key at once have one effect, and each is answered by it or told to come again', async () => {
  const text = randomUUID();
  const key = randomUUID();
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => send(world, { key, body: { text } })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
  expect(new Set(answers.filter(({ status }) => status === 201).map((answer) => answer.text)).size).toBe(1);
  expect(answers.filter(({ replayed, status }) => status === 201 && !replayed)).toHaveLength(1);
  expect(await countOf(text)).toBe(1);
});

test('a route that does not support it, and a caller without a token, are served as without the key', async () => {
  const text = randomUUID();
  const key = 'öä'.repeat(3);
  for (const path of ['/api/v1/ledger/unkept', '/api/v1/ledger/open']) {
    const role = path.endsWith('open') ? null : 'viewer';
    for (let time = 0; time < 2; time += 1) {
      const answer = await world.request('POST', path, {
        role,
        body: { text },
        headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
      });
      expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, null]);
    }
  }
  expect(await countOf(text)).toBe(4);
});

test('one caller never gets the answer of another', async () => {
  const key = randomUUID();
  const token = await clientToken();
  const mine = await send(world, { key, body: { text: 'mine' } });
  const theirs = await send(world, { key, body: { text: 'theirs' }, token });
  expect(theirs).toMatchObject({ status: 201, replayed: false, body: { text: 'theirs' } });
  expect((await send(world, { key, body: { text: 'mine' } })).text).toBe(mine.text);
});

async function clientToken(): Promise<string> {
  const made = await world.request('POST', '/api/v1/system/clients', {
    body: { client_id: 'other-program', roles: ['operator'] },
  });
  const { secret } = (await made.json()) as { secret: string };
  const answer = await fetch(`${world.url}/realms/orchestrall/protocol/openid-connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`other-program:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

test('a body beyond 256 KiB is not kept, and the repeat says that it comes without', async () => {
  const key = randomUUID();
  const body = { text: 'large', size: 262_144 };
  const first = await send(world, { key, body });
  expect(first.headers.get('preference-applied')).toBeNull();
  const again = await send(world, { key, body });
  expect(again).toMatchObject({ status: 201, replayed: true, text: '' });
  expect(again.headers.get('preference-applied')).toBe('return=minimal');
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
});

test('a body that is read as a stream is told from another by its length', async () => {
  const key = randomUUID();
  const path = '/api/v1/ledger/uploads';
  const headers = { 'content-type': 'text/plain' };
  const first = await send(world, { key, path, headers, body: 'abc' });
  expect(first).toMatchObject({ status: 201, body: { text: 'abc' } });
  expect(await send(world, { key, path, headers, body: 'abc' })).toMatchObject({
    replayed: true,
    text: first.text,
  });
  expect(await send(world, { key, path, headers, body: 'abcd' })).toMatchObject({ status: 422 });
});

test('forgetAnswers() leaves no body behind, and a repeat still changes nothing', async () => {
  const text = randomUUID();
  const key = randomUUID();
  const { body } = await send(world, { key, body: { text } });
  await send(world, {
    method: 'PUT',
    path: `${entriesPath}/${String(body['id'])}`,
    body: { text: 'erased' },
  });
  const left = await core().query('select id from core.kept_answers where body is not null');
  expect(left).toEqual([]);
  expect(await send(world, { key, body: { text } })).toMatchObject({ status: 201, replayed: true, text: '' });
  expect(await countOf(text)).toBe(0);
});

test('after 24 hours, by the clock of the database, a key is free again and its answer is swept', async () => {
  const text = randomUUID();
  const key = randomUUID();
  await send(world, { key, body: { text } });
  await core().query(`update core.kept_answers set kept_at = kept_at - interval '24 hours'`);
  expect(await send(world, { key, body: { text } })).toMatchObject({ status: 201, replayed: false });
  expect(await send(world, { key, body: { text } })).toMatchObject({ status: 201, replayed: true });
  expect(await countOf(text)).toBe(2);
  await sweepAnswers(core());
  expect(await keptRows()).toBe(1);
});

test('the document says which routes support the key', async () => {
  const document: unknown = await (await world.request('GET', '/openapi.json')).json();
  const parameter = { in: 'header', name: 'idempotency-key', required: false };
  expect(document).toMatchObject({
    paths: {
      [entriesPath]: {
        post: { parameters: [parameter], responses: { 409: {}, 422: {} } },
      },
    },
  });
  const { paths } = document as { paths: Record<string, { post: object }> };
  expect(JSON.stringify(paths['/api/v1/ledger/unkept'])).not.toContain('idempotency-key');
});

test('a purge forgets the answers of the plugin', async () => {
  await send(world, { key: randomUUID() });
  expect((await world.request('POST', '/api/v1/system/plugins/ledger/disable')).status).toBe(200);
  const path = '/api/v1/system/plugins/ledger/purge';
  expect((await world.request('POST', path, { body: { confirm: 'ledger' } })).status).toBeLessThan(300);
  expect(await keptRows()).toBe(0);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestAppliance } from '../../testing/appliance.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { entriesOf, send, startLedger } from './keyed-requests.ts';
import { startLedgerProcess } from './ledger-process.ts';

let database: TestDatabase;
let one: TestAppliance;
let two: TestAppliance;

beforeAll(async () => {
  database = await testDatabase();
  one = await startLedger(database);
  two = await startLedger(database, one);
});
afterAll(async () => {
  await two?.[Symbol.asyncDispose]();
  await one?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const entriesBeginning = async (text: string): Promise<string[]> =>
  (await entriesOf(one)).filter((entry) => entry.startsWith(text));

test('the same key at two replicas at the same moment has one effect, and both answer with it', async () => {
  for (let time = 0; time < 20; time += 1) {
    const [text, key] = [randomUUID(), randomUUID()];
    // Both handlers run before either begins its transaction.
    const options = { key, body: { text }, behave: 'meet' };
    const answers = await Promise.all([send(one, options), send(two, options)]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(new Set(answers.map(({ replayed }) => replayed))).toEqual(new Set([false, true]));
    expect(answers[0].text).toBe(answers[1].text);
    for (const name of ['location', 'etag', 'content-type']) {
      expect(answers[0].headers.get(name)).toBe(answers[1].headers.get(name));
    }
    expect(await entriesBeginning(text)).toEqual([text]);
  }
});

test('of two bodies under one key at two replicas one is done, and the other refused', async () => {
  const [text, key] = [randomUUID(), randomUUID()];
  const answers = await Promise.all(
    [one, two].map(async (world, index) =>
      send(world, { key, body: { text: `${text} ${index}` }, behave: 'meet' }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 422]));
  expect(answers.find(({ status }) => status === 422)).toMatchObject({
    body: { code: 'IDEMPOTENCY_KEY_REUSED', status: 422 },
  });
  expect(await entriesBeginning(text)).toHaveLength(1);
});

test('after kill -9 between commit and answer, a repeat gets the answer that was never sent', async () => {
  await using replica = await startLedgerProcess(database, one);
  const [text, key] = [randomUUID(), randomUUID()];
  await expect(send(replica, { key, body: { text }, behave: 'crash-after-commit' })).rejects.toThrow('fetch');
  expect(await replica.ended).toBe('SIGKILL');
  const answer = await send(one, { key, body: { text } });
  expect(answer).toMatchObject({ status: 201, replayed: true, body: { text } });
  expect(answer.headers.get('location')).toBe(`/api/v1/ledger/entries/${String(answer.body['id'])}`);
  expect(await entriesBeginning(text)).toEqual([text]);
});

test('after kill -9 before the commit, a repeat makes the change', async () => {
  await using replica = await startLedgerProcess(database, one);
  const [text, key] = [randomUUID(), randomUUID()];
  await expect(send(replica, { key, body: { text }, behave: 'crash-before-commit' })).rejects.toThrow(
    'fetch',
  );
  expect(await replica.ended).toBe('SIGKILL');
  expect(await send(two, { key, body: { text } })).toMatchObject({ status: 201, replayed: false });
  expect(await send(one, { key, body: { text } })).toMatchObject({ status: 201, replayed: true });
  expect(await entriesBeginning(text)).toEqual([text]);
});

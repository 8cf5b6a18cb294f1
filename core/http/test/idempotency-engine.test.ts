import type { Answer } from '@orchestrall/sdk';
import { sendAnswer } from '@orchestrall/sdk';
import { request as openRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { Logs } from '../../telemetry/logs.ts';
import { Idempotency } from '../idempotency/idempotency.ts';
import { answerPort } from '../idempotency/kept-answers.ts';
import { as, bodyOf, createHarness } from './harness.ts';
import type { Harness } from './harness.ts';

/** What the route's handler does next. */
let handle: () => Promise<Answer>;
let calls: number;
let store: TestDatabase;
let database: DatabaseEngine;
let harness: Harness;

beforeAll(async () => {
  const owner = 'core/http';
  const migrations = await readMigrations(join(import.meta.dirname, '..', 'migrations'), owner);
  store = await testDatabase({ plugins: ['other'], migrations: [{ owner, migrations }] });
  database = await store.open({ statementTimeoutMs: 500 });
  database.connectEffects({ answer: answerPort });
  const lines: string[] = [];
  const log = new Logs({ destination: { write: (line) => void lines.push(line) } }).logger('core.http');
  harness = await createHarness({ idempotency: new Idempotency({ database: database.core(), log }) });
  const config = { access: 'viewer', idempotent: true, timeoutMs: 2_000 } as const;
  harness.core.instance.post('/made', { config }, async (_request, reply) => {
    calls += 1;
    return sendAnswer(reply, await handle());
  });
  await harness.listen();
});
afterAll(async () => {
  await harness?.[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  calls = 0;
  handle = keep;
});

const keep = async (): Promise<Answer> =>
  database.core().transaction((tx) => tx.answer({ status: 201, body: { made: calls } }));
const post = async (key: string): Promise<Response> =>
  fetch(`${harness.url}/made`, { method: 'POST', headers: { ...as('viewer'), 'idempotency-key': key } });
const outcome = async (answer: Response): Promise<unknown[]> => {
  const { code, made } = await bodyOf(answer);
  return [answer.status, code ?? made, answer.headers.get('idempotency-replayed')];
};
/** Holds the table of kept answers until the work ends, so that nobody can look into it. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  await database.core().transaction(
    async (tx) => {
      await tx.query('lock table core.kept_answers in access exclusive mode');
      await work();
    },
    { timeoutMs: 20_000 },
  );
}

test("a route of the core keeps the answer of the core's transaction", async () => {
  expect(await outcome(await post('a'))).toEqual([201, 1, null]);
  expect(await outcome(await post('a'))).toEqual([201, 1, 'true']);
});

test('the transaction of another plugin, whose service the handler calls, answers nothing for it', async () => {
  handle = async () =>
    database.forPlugin('other').transaction((tx) => tx.answer({ status: 200, body: { made: calls } }));
  expect(await outcome(await post('b'))).toEqual([200, 1, null]);
  expect(await outcome(await post('b'))).toEqual([200, 2, null]);
});

test('of the answers that transactions of one request give, the last is kept', async () => {
  handle = async () => {
    await database.core().transaction((tx) => tx.answer({ status: 202 }));
    return database.core().transaction((tx) => {
      tx.answer({ status: 200 });
      return tx.answer({ status: 201, body: { made: 7 } });
    });
  };
  expect(await outcome(await post('c'))).toEqual([201, 7, null]);
  expect(await outcome(await post('c'))).toEqual([201, 7, 'true']);
});

test('work that runs on after the answer keeps nothing', async () => {
  const answered = Promise.withResolvers<void>();
  let late: Promise<unknown> | undefined;
  handle = async () => {
    late = answered.promise.then(keep);
    return { status: 200, body: { made: calls } };
  };
  expect(await outcome(await post('d'))).toEqual([200, 1, null]);
  answered.resolve();
  await late;
  expect(await outcome(await post('d'))).toEqual([200, 2, null]);
});

test.each([
  ['a status that is none', { status: 99 }],
  ['a header that HTTP cannot carry', { status: 200, headers: { location: 'a\nb' } }],
  ['a length of its own', { status: 200, headers: { 'content-length': '1' } }],
])('%s fails the transaction, with a key and without', async (_what, answer: Answer) => {
  await expect(database.core().transaction((tx) => tx.answer(answer))).rejects.toThrow(TypeError);
});

test('a key that is sent twice is refused, naming the header', async () => {
  const request = openRequest(`${harness.url}/made`, { method: 'POST', headers: as('viewer') });
  request.setHeader('idempotency-key', ['one', 'two']);
  request.end();
  const response = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  expect(response.statusCode).toBe(400);
  expect(await text(response)).toContain('/headers/idempotency-key');
  expect(calls).toBe(0);
});

test('while nobody can tell whether an answer is kept, no handler runs', async () => {
  await whileLocked(async () => {
    expect(await outcome(await post('e'))).toEqual([503, 'DATABASE_TIMEOUT', null]);
  });
  expect(calls).toBe(0);
  expect(await outcome(await post('e'))).toEqual([201, 1, null]);
});

test('an error is answered as it is when nobody can tell whether an answer is kept', async () => {
  const [begun, locked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  handle = async () => {
    begun.resolve();
    await locked.promise;
    return keep();
  };
  const answer = post('f');
  await begun.promise;
  await whileLocked(async () => {
    locked.resolve();
    expect(await outcome(await answer)).toEqual([503, 'DATABASE_TIMEOUT', null]);
  });
  handle = keep;
  expect(await outcome(await post('f'))).toEqual([201, 2, null]);
});

test('a handler beyond its time holds the key until it has ended, and its answer is given to the repeat', async () => {
  const goOn = Promise.withResolvers<void>();
  handle = async () => {
    await goOn.promise;
    return keep();
  };
  expect(await outcome(await post('g'))).toEqual([503, 'REQUEST_TIMEOUT', null]);
  expect(await outcome(await post('g'))).toEqual([409, 'IDEMPOTENCY_IN_FLIGHT', null]);
  goOn.resolve();
  await expect.poll(async () => (await post('g')).status).toBe(201);
  expect(await outcome(await post('g'))).toEqual([201, 1, 'true']);
  expect(calls).toBe(1);
});

test('a request whose caller leaves before its handler begins is done once, and counted until it has ended', async () => {
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  handle = async () => {
    begun.resolve();
    await goOn.promise;
    return keep();
  };
  const lines = harness.lines.length;
  await database.core().transaction(async (tx) => {
    await tx.query('lock table core.kept_answers in access exclusive mode');
    const request = openRequest(`${harness.url}/made`, {
      method: 'POST',
      headers: { ...as('viewer'), 'idempotency-key': 'h' },
    });
    request.on('error', () => undefined);
    request.end();
    await expect.poll(() => harness.activity.of('request')).toBe(1);
    request.destroy();
    await expect.poll(() => harness.lines.slice(lines).some(({ status }) => status === 499)).toBe(true);
  });
  await begun.promise;
  expect(harness.activity.of('request')).toBe(1);
  goOn.resolve();
  await expect.poll(() => harness.activity.of('request')).toBe(0);
  expect(await outcome(await post('h'))).toEqual([201, 1, 'true']);
  expect(calls).toBe(1);
});

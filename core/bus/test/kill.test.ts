import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { busMigrations } from './fixture.ts';
import { killUnderLoad } from './kill-harness.ts';

let server: TestDatabase;

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
});
afterAll(() => server[Symbol.asyncDispose]());

it('kill -9 under load, with handlers that fail at times, loses nothing, doubles nothing and keeps the order of keys', async () => {
  const result = await killUnderLoad({
    connection: server.connection,
    keys: 10,
    perKey: 400,
    failing: 0.01,
    killAfterMs: [50, 400],
    kills: 6,
    deadlineMs: 60_000,
  });
  expect(result).toEqual({
    kills: expect.any(Number),
    written: 4_000,
    lost: 0,
    doubled: 0,
    reordered: 0,
    deadLetters: 0,
  });
  expect(result.kills).toBeGreaterThanOrEqual(2);
}, 120_000);

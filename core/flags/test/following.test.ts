import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { databaseError } from '../../database/errors.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { FlagRoom } from '../flags.ts';
import { flagDatabase } from './flag-database.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const emitted: unknown[] = [];
const audited: unknown[] = [];
let store: TestDatabase;
let database: DatabaseEngine;

beforeAll(async () => {
  ({ store, database } = await flagDatabase(emitted, audited));
});
afterAll(() => store[Symbol.asyncDispose]());
beforeEach(() => database.core().query('delete from flags'));

/** The database, in which each read of the flags does what is given once it has its rows. */
function readingThrough(afterRead: () => Promise<void>): Pick<DatabaseEngine, 'core' | 'listen'> {
  const core = database.core();
  const query: ScopedDatabase['query'] = async (sql, values) => {
    const rows = await core.query<never>(sql, values);
    await afterRead();
    return rows;
  };
  return { core: () => ({ ...core, query }), listen: (...given) => database.listen(...given) };
}

async function room(given: Pick<DatabaseEngine, 'core' | 'listen'> = database): Promise<FlagRoom> {
  const flags = new FlagRoom({ database: given, environment: new Map(), log });
  flags.declare(() => ['plugin.crm']);
  await flags.start();
  return flags;
}

/** Written as another replica would, of which this process hears nothing. */
async function write(enabled: boolean, killed = false): Promise<void> {
  await database.core().query(
    `insert into flags (name, admin_enabled, admin_changed_at, killed_at)
     values ('plugin.crm', $1, now(), case when $2 then now() end)
     on conflict (name) do update set admin_enabled = excluded.admin_enabled, killed_at = excluded.killed_at`,
    [enabled, killed],
  );
}

test('a kill switch that was pulled while nothing could be heard holds once the connection is back', async () => {
  await write(true);
  await using flags = await room();
  expect(flags.isEnabled('plugin.crm')).toBe(true);
  await write(true, true);
  await store.cutConnections('orchestrall listen');
  await expect.poll(() => flags.isEnabled('plugin.crm'), { timeout: 20_000 }).toBe(false);
});

test('a change whose read fails is read again', async () => {
  let failures = 0;
  await using flags = await room(
    readingThrough(async () => {
      if (failures > 0) {
        failures -= 1;
        throw databaseError('DATABASE_UNAVAILABLE');
      }
    }),
  );
  failures = 2;
  await using replica = await room();
  await replica.set('plugin.crm', true);
  await expect.poll(() => flags.isEnabled('plugin.crm'), { timeout: 20_000 }).toBe(true);
  expect(failures).toBe(0);
});

test('a change during a read is read once more before anybody goes on', async () => {
  const gate = { held: Promise.resolve(), reached: () => {} };
  await using flags = await room(
    readingThrough(async () => {
      gate.reached();
      await gate.held;
    }),
  );
  const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  Object.assign(gate, { held, reached: reached.resolve });
  const first = flags.reread();
  await reached.promise;
  await write(true);
  const second = flags.reread();
  // Only when both wait for the same answer.
  await turn();
  goOn();
  await Promise.all([first, second]);
  expect(flags.isEnabled('plugin.crm')).toBe(true);
});

test.each([0, 1, 2, 3])(
  'a reread that is asked for %i microtasks after a read does not take it for its own',
  async (later) => {
    let written: (() => Promise<void>) | undefined;
    await using flags = await room(
      readingThrough(async () => {
        const next = written;
        written = undefined;
        await next?.();
      }),
    );
    await write(true);
    // The rows say true by then, the table says false.
    written = () => write(false);
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const askAfter = (microtasks: number): void => {
      if (microtasks === 0) resolve(flags.reread());
      else queueMicrotask(() => askAfter(microtasks - 1));
    };
    using _ = flags.onChange((_name, enabled) => {
      if (enabled) askAfter(later);
    });
    await flags.reread();
    await asked;
    expect(flags.isEnabled('plugin.crm')).toBe(false);
  },
);

test('two who withdraw a flag at once make one change: one event and one entry', async () => {
  await using flags = await room();
  await using replica = await room();
  await flags.set('plugin.crm', true);
  await replica.reread();
  emitted.length = 0;
  audited.length = 0;
  let both: Promise<unknown> | undefined;
  await database.core().transaction(async (tx) => {
    await tx.query("select from flags where name = 'plugin.crm' for update");
    both = Promise.all([flags.withdraw('plugin.crm'), replica.withdraw('plugin.crm')]);
    // Until both wait for the row, so that neither sees the other's change as it begins.
    await expect.poll(waitingSessions, { timeout: 20_000 }).toBe(2);
  });
  await both;
  expect([emitted.length, audited.length]).toEqual([1, 1]);
});

async function waitingSessions(): Promise<number | undefined> {
  const [row] = await database.core().query<{ waiting: number }>(
    `select count(distinct pid) as waiting from pg_locks where not granted
     and pid in (select pid from pg_stat_activity where datname = current_database())`,
  );
  return row?.waiting;
}

import { AppError, defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeOnServers, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { effectPort } from '../effects.ts';
import type { EmitPort } from '../effects.ts';
import type { DatabaseEngine } from '../engine.ts';
import type { ScopedDatabase } from '../scoped-database.ts';

const changed = defineEvent('thing.changed', Type.Object({ name: Type.String() }));

/** Stores events in a table of the core, refusing the type of name `refused` at the commit. */
const emit: EmitPort = effectPort({
  prepare: (scope, _definition, data: unknown) => ({
    effect: { owner: scope.owner, data },
    result: 'event-id',
  }),
  statements: (effects) => [
    {
      sql: "INSERT INTO core.emitted SELECT e->>'owner', e->'data'->>'name' FROM jsonb_array_elements($1::jsonb) e",
      parameters: [JSON.stringify(effects)],
    },
  ],
});

const migrations = [
  {
    owner: 'core/bus',
    migrations: [
      {
        number: 1,
        name: 'create-emitted',
        sql: "CREATE TABLE emitted (owner text, name text CHECK (name <> 'refused'))",
      },
    ],
  },
  {
    owner: 'crm',
    migrations: [
      {
        number: 1,
        name: 'create-things',
        sql: 'CREATE TABLE things (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz, more jsonb, price numeric)',
      },
    ],
  },
];

describeOnServers('transactions', (server) => {
  let database: TestDatabase;
  let engine: DatabaseEngine;
  let crm: ScopedDatabase;

  beforeAll(async () => {
    database = await testDatabase({ server, plugins: ['crm'], migrations });
    engine = await database.open();
    engine.connectEffects({ emit });
    crm = engine.forPlugin('crm');
  });
  beforeEach(async () => {
    await crm.query('TRUNCATE things');
    await engine.core().query('TRUNCATE emitted');
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const names = async (): Promise<string[]> => {
    const rows = await crm.query<{ name: string }>('SELECT name FROM things ORDER BY id');
    return rows.map((row) => row.name);
  };
  const emitted = async (): Promise<string[]> => {
    const rows = await engine.core().query<{ name: string }>('SELECT name FROM emitted');
    return rows.map((row) => row.name);
  };

  test('work that awaits nothing may return its result as it is, and a throw of it rolls back', async () => {
    expect(await crm.transaction(() => 'done')).toBe('done');
    const failing = crm.transaction(() => {
      throw new TypeError('broken');
    });
    await expect(failing).rejects.toThrow('broken');
  });

  test('a transaction commits its writes and its events together', async () => {
    let called = 0;
    await crm.transaction(async (tx) => {
      await tx.query('INSERT INTO things VALUES (1, $1)', ['one']);
      expect(tx.emit(changed, { name: 'one' })).toBe('event-id');
      tx.afterCommit(() => (called += 1));
    });
    expect(await names()).toEqual(['one']);
    expect(await emitted()).toEqual(['one']);
    expect(called).toBe(1);
  });

  test('a throw rolls back writes, events and callbacks and passes unchanged', async () => {
    const own = new Error('own');
    let called = 0;
    const attempt = crm.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES (1, 'one')");
      tx.emit(changed, { name: 'one' });
      tx.afterCommit(() => (called += 1));
      throw own;
    });
    await expect(attempt).rejects.toBe(own);
    expect(await names()).toEqual([]);
    expect(await emitted()).toEqual([]);
    expect(called).toBe(0);
  });

  test('an event that cannot be stored at the commit rolls back the change', async () => {
    const attempt = crm.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES (1, 'one')");
      tx.emit(changed, { name: 'refused' });
    });
    await expect(attempt).rejects.toMatchObject({ code: 'CONSTRAINT_VIOLATED', details: { kind: 'check' } });
    expect(await names()).toEqual([]);
  });

  test('a trigger that a plugin deferred to the commit runs with the role of the plugin', async () => {
    await crm.transaction(async (tx) => {
      await tx.query('CREATE TABLE IF NOT EXISTS ran (as_role text)');
      await tx.query(
        `CREATE OR REPLACE FUNCTION note_role() RETURNS trigger LANGUAGE plpgsql
         AS 'BEGIN INSERT INTO plugin_crm.ran VALUES (current_user); RETURN NULL; END'`,
      );
      await tx.query(
        `CREATE CONSTRAINT TRIGGER note AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION note_role()`,
      );
    });
    await crm.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES (1, 'one')");
      tx.emit(changed, { name: 'one' });
    });
    expect(await crm.query('SELECT as_role FROM ran')).toEqual([{ as_role: 'orchestrall_plugin_crm' }]);
    await crm.query('DROP TRIGGER note ON things');
  });

  test('savepoint() undoes its writes, events and callbacks and nothing else', async () => {
    const called: string[] = [];
    await crm.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES (1, 'kept')");
      tx.emit(changed, { name: 'kept' });
      const inner = tx.savepoint(async () => {
        tx.emit(changed, { name: 'lost' });
        tx.afterCommit(() => called.push('lost'));
        await tx.query("INSERT INTO things VALUES (2, 'lost')");
        await tx.query("INSERT INTO things VALUES (1, 'twice')");
      });
      await expect(inner).rejects.toMatchObject({
        code: 'CONSTRAINT_VIOLATED',
        details: { kind: 'unique', constraint: 'things_pkey', sqlstate: '23505' },
      });
      await tx.savepoint(async () => {
        await tx.query("INSERT INTO things VALUES (3, 'nested')");
        tx.afterCommit(() => called.push('nested'));
      });
    });
    expect(await names()).toEqual(['kept', 'nested']);
    expect(await emitted()).toEqual(['kept']);
    expect(called).toEqual(['nested']);
  });

  test('a failed statement that the work swallows still rejects the transaction', async () => {
    const attempt = crm.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES (1, 'one')");
      await tx.query("INSERT INTO things VALUES (1, 'again')").catch(() => undefined);
    });
    await expect(attempt).rejects.toMatchObject({ code: 'CONSTRAINT_VIOLATED' });
    expect(await names()).toEqual([]);
  });

  test('a statement that ends the transaction by itself is refused, and so are those after the end', async () => {
    const attempt = crm.transaction(async (tx) => {
      await tx.query('COMMIT');
    });
    await expect(attempt).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    const late = await crm.transaction(async (tx) => tx);
    await expect(late.query('SELECT 1')).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
  });

  test('serializable transactions that collide are run again until both have happened', async () => {
    await crm.query("INSERT INTO things VALUES (1, 'a')");
    let runs = 0;
    let arrived = 0;
    const both = Promise.withResolvers<void>();
    const add = (): Promise<void> =>
      crm.transaction(
        async (tx) => {
          runs += 1;
          const [row] = await tx.query<{ count: number }>('SELECT count(*) FROM things');
          arrived += 1;
          if (arrived === 2) both.resolve();
          await both.promise;
          await tx.query('INSERT INTO things VALUES ($1, $2)', [(row?.count ?? 0) + 1, 'b']);
        },
        { isolation: 'serializable' },
      );
    await Promise.all([add(), add()]);
    expect(await names()).toEqual(['a', 'b', 'b']);
    expect(runs).toBeGreaterThan(2);
  });

  test('work of the core before and after runs with its role, and a throw in it rolls back', async () => {
    await crm.transaction((tx) => tx.query("INSERT INTO things VALUES (1, 'one')"), {
      opening: async (core) => {
        expect(await core.execute("INSERT INTO emitted VALUES ('core', 'opening')")).toBe(1);
      },
      closing: async (core) => {
        await core.query("INSERT INTO emitted VALUES ('core', 'closing')");
      },
    });
    expect(await emitted()).toEqual(['opening', 'closing']);
    const refused = crm.transaction((tx) => tx.query("INSERT INTO things VALUES (2, 'two')"), {
      closing: () => Promise.reject(new Error('fence')),
    });
    await expect(refused).rejects.toThrow('fence');
    expect(await names()).toEqual(['one']);
  });

  test('rows arrive as number, text, Date and parsed JSON, and a bigint beyond 2^53 is refused', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    await crm.query('INSERT INTO things VALUES ($1, $2, $3, $4, $5)', [7, 'x', at, { a: [1] }, '12.50']);
    expect(await crm.query('SELECT * FROM things')).toEqual([
      { id: 7, name: 'x', at, more: { a: [1] }, price: '12.50' },
    ]);
    await expect(crm.query('SELECT 9007199254740993::bigint AS big')).rejects.toMatchObject({
      code: 'NUMBER_TOO_LARGE',
    });
    expect(await crm.query("SELECT '2026-01-02'::date AS day, ARRAY[1::bigint] AS list")).toEqual([
      { day: '2026-01-02', list: [1] },
    ]);
  });

  test('a statement past its time limit throws DATABASE_TIMEOUT and leaves the connection usable', async () => {
    const attempt = crm.transaction((tx) => tx.query('SELECT pg_sleep(60)'), { timeoutMs: 50 });
    await expect(attempt).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT', status: 503 });
    expect(await crm.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a read-only transaction refuses to write', async () => {
    const attempt = crm.transaction((tx) => tx.query("INSERT INTO things VALUES (1, 'a')"), {
      readOnly: true,
    });
    await expect(attempt).rejects.toMatchObject({ details: { sqlstate: '25006' } });
  });

  test('stream() gives all rows in order and frees its connection when left early', async () => {
    let sum = 0;
    const rows = crm.stream<{ n: number }>('SELECT generate_series(1, $1::int) AS n', [1_234], {
      batchSize: 100,
    });
    for await (const row of rows) sum += row.n;
    expect(sum).toBe((1_234 * 1_235) / 2);
    for await (const row of crm.stream<{ n: number }>('SELECT generate_series(1, 1000) AS n')) {
      if (row.n === 3) break;
    }
    expect(engine.statistics()).toMatchObject({ waiting: 0 });
    expect(engine.statistics().idle).toBe(engine.statistics().open);
  });

  test('a named statement works from two plugins that mean different tables', async () => {
    await engine.preparePlugin('billing');
    const billing = engine.forPlugin('billing');
    await billing.query('CREATE TABLE IF NOT EXISTS things (id bigint, name text)');
    await billing.query("INSERT INTO things VALUES (1, 'bill')");
    await crm.query("INSERT INTO things VALUES (1, 'contact')");
    const statement = { sql: 'SELECT name FROM things WHERE id = $1', parameters: [1], name: 'by-id' };
    for (let round = 0; round < 3; round += 1) {
      expect(await crm.query(statement)).toEqual([{ name: 'contact' }]);
      expect(await billing.query(statement)).toEqual([{ name: 'bill' }]);
    }
  });

  test('work that never ends gives its place in the pool back when the server ends its transaction', async () => {
    const single = await database.open({ poolSize: 1, statementTimeoutMs: 100, idleInTransactionMs: 1_500 });
    const endless = single.forPlugin('crm').transaction(async (tx) => {
      await tx.query('SELECT 1');
      return new Promise<never>(() => undefined);
    });
    await expect(endless).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' });
    expect(await single.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('plugins whose transactions never end leave connections to the core, and one waits in its turn', async () => {
    const shared = await database.open({ poolSize: 5, acquireTimeoutMs: 300 });
    const held = shared.forPlugin('crm');
    const end = Promise.withResolvers<void>();
    const begun = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const endless = begun.map(async ({ resolve }) =>
      held.transaction(async (tx) => {
        await tx.query('SELECT 1');
        resolve();
        await end.promise;
      }),
    );
    await Promise.all(begun.map(async ({ promise }) => promise));
    await expect(held.query('SELECT 1')).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
    expect(await shared.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const queued = Promise.all(Array.from({ length: 20 }, async () => held.query('SELECT 1 AS one')));
    end.resolve();
    await Promise.all(endless);
    expect(await queued).toHaveLength(20);
    expect(shared.statistics()).toMatchObject({ waiting: 0 });
  });
  test('settings changed by a statement do not reach the next user of the connection', async () => {
    const single = await database.open({ poolSize: 1 });
    await single.forPlugin('crm').query("SET timezone = 'Asia/Tokyo'");
    expect(await single.core().query('SHOW timezone')).toEqual([{ TimeZone: 'UTC' }]);
  });

  test('a full pool makes callers wait a bounded time and then throws DATABASE_BUSY', async () => {
    const small = await database.open({ poolSize: 1, acquireTimeoutMs: 100 });
    const release = Promise.withResolvers<void>();
    const holder = small.core().transaction(() => release.promise);
    const error: unknown = await small
      .core()
      .query('SELECT 1')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'DATABASE_BUSY', details: { poolSize: 1, waitMs: 100 } });
    release.resolve();
    await holder;
    expect(await small.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a server that falls silent is cut off after the grace and the next statement gets a new connection', async () => {
    const watched = await database.open({ poolSize: 1, statementTimeoutMs: 100, stallGraceMs: 100 });
    let silent = 0;
    try {
      const attempt = watched.core().transaction(async (tx) => {
        const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        silent = row?.pid ?? 0;
        process.kill(silent, 'SIGSTOP');
        await tx.query('SELECT 1');
      });
      await expect(attempt).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
      expect(await watched.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      process.kill(silent, 'SIGCONT');
    }
  });

  test('the annotation is what the server shows while a transaction runs', async () => {
    const traced = await database.open({
      annotate: () => "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'",
    });
    const [row] = await traced
      .core()
      .query<{ name: string }>("SELECT current_setting('application_name') AS name");
    expect(row?.name).toBe('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
  });

  test('while writes are refused reads go on and a write throws STORAGE_FULL', async () => {
    let refused = false;
    const guarded = await database.open({ writesRefused: () => refused });
    const things = guarded.forPlugin('crm');
    refused = true;
    await expect(things.query("INSERT INTO things VALUES (1, 'a')")).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      status: 507,
    });
    expect(await things.query('SELECT * FROM things')).toEqual([]);
    refused = false;
    await things.query("INSERT INTO things VALUES (1, 'a')");
  });
});

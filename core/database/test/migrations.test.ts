import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeOnServers, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import type { DatabaseEngine } from '../engine.ts';
import type { Migration } from '../migrate/migration.ts';

const one: Migration = {
  number: 1,
  name: 'create-a',
  sql: 'CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);',
};
const two: Migration = { number: 2, name: 'create-b', sql: 'CREATE TABLE b (id int)' };
const three: Migration = { number: 3, name: 'create-c', sql: 'CREATE TABLE c (id int)' };

describeOnServers('migrations', (server) => {
  let database: TestDatabase;
  let engine: DatabaseEngine;

  beforeEach(async () => {
    database = await testDatabase({ server, plugins: ['crm'] });
    engine = await database.open();
  });
  afterEach(() => database[Symbol.asyncDispose]());

  const migrate = (
    migrations: readonly Migration[],
    acceptNewer = false,
  ): Promise<readonly string[] | undefined> =>
    engine.migrate([{ owner: 'crm', migrations, acceptNewer }]).then(([report]) => report?.applied);
  const tables = async (): Promise<string[]> => {
    const rows = await engine
      .forPlugin('crm')
      .query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'plugin_crm' ORDER BY 1",
      );
    return rows.map((row) => row.name);
  };

  test('pending ones are applied once, in order of their numbers, in the schema and role of their owner', async () => {
    expect(await migrate([two, one])).toEqual(['0001-create-a.sql', '0002-create-b.sql']);
    expect(await migrate([one, two, three])).toEqual(['0003-create-c.sql']);
    expect(await migrate([one, two, three])).toEqual([]);
    expect(await tables()).toEqual(['a', 'b', 'c']);
    expect(await engine.forPlugin('crm').query('SELECT id FROM a')).toEqual([{ id: 1 }]);
  });

  test('rooms of the core have numbers of their own and share the schema core', async () => {
    const reports = await engine.migrate([
      { owner: 'core/bus', migrations: [one] },
      { owner: 'core/jobs', migrations: [{ ...two, number: 1 }] },
    ]);
    expect(reports.map((report) => report.applied)).toEqual([['0001-create-a.sql'], ['0001-create-b.sql']]);
    expect(await engine.core().query('SELECT owner, number FROM migrations ORDER BY owner')).toEqual([
      { owner: 'core/bus', number: 1 },
      { owner: 'core/jobs', number: 1 },
    ]);
  });

  test('one edited after it was applied is refused by name', async () => {
    await migrate([one]);
    await expect(migrate([{ ...one, sql: `${one.sql} ` }])).rejects.toMatchObject({
      code: 'MIGRATION_EDITED',
      message: expect.stringContaining('0001-create-a.sql of crm'),
    });
  });

  test('line ends changed by a checkout are no edit', async () => {
    await migrate([one]);
    expect(await migrate([{ ...one, sql: one.sql.replaceAll('\n', '\r\n') }])).toEqual([]);
  });

  test('one applied and missing from the files is refused, and tolerated beyond the last file when asked', async () => {
    await migrate([one, two]);
    await expect(migrate([two])).rejects.toMatchObject({ code: 'MIGRATION_MISSING' });
    await expect(migrate([two], true)).rejects.toMatchObject({ code: 'MIGRATION_MISSING' });
    await expect(migrate([one])).rejects.toMatchObject({ code: 'MIGRATION_MISSING' });
    expect(await migrate([one], true)).toEqual([]);
  });

  test('one numbered before the latest applied is refused', async () => {
    await migrate([one, three]);
    await expect(migrate([one, two, three])).rejects.toMatchObject({
      code: 'MIGRATION_OUT_OF_ORDER',
      remedy: expect.stringContaining('0003-create-c.sql'),
    });
  });

  test('two of one number are refused before anything is applied', async () => {
    await expect(migrate([one, two, { ...three, number: 2 }])).rejects.toMatchObject({
      code: 'MIGRATION_INVALID',
    });
    expect(await tables()).toEqual([]);
  });

  test('one that fails leaves nothing of itself, keeps those before, and names file and line', async () => {
    const broken: Migration = {
      number: 2,
      name: 'break',
      sql: 'CREATE TABLE b (id int);\nINSERT INTO nowhere VALUES (1);',
    };
    await expect(migrate([one, broken])).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringMatching(/0002-break\.sql of crm .*nowhere.* line 2/),
    });
    expect(await tables()).toEqual(['a']);
    expect(await migrate([one, two])).toEqual(['0002-create-b.sql']);
  });

  test('one that ends its own transaction is refused', async () => {
    await expect(migrate([{ ...one, sql: 'CREATE TABLE a (id int); COMMIT;' }])).rejects.toMatchObject({
      code: 'MIGRATION_INVALID',
      message: expect.stringContaining('ends its own transaction'),
    });
  });

  test('one of a plugin cannot touch the core or other plugins', async () => {
    await engine.core().query('CREATE TABLE secrets (id int)');
    await expect(migrate([{ ...one, sql: 'DROP TABLE core.secrets' }])).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
    });
    await expect(
      migrate([{ ...one, sql: 'RESET ROLE; CREATE TABLE core.x (id int)' }]),
    ).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
    });
  });

  test('two processes that migrate at once apply each one once', async () => {
    const other = await database.open();
    const slow = { ...one, sql: `SELECT pg_sleep(0.2); ${one.sql}` };
    const reports = await Promise.all([
      engine.migrate([{ owner: 'crm', migrations: [slow, two] }]),
      other.migrate([{ owner: 'crm', migrations: [slow, two] }]),
    ]);
    const counts = reports
      .map(([report]) => report?.applied.length)
      .toSorted((left, right) => Number(left) - Number(right));
    expect(counts).toEqual([0, 2]);
  });

  test('a set that another gives a plugin has numbers of its own, in the schema and role of the plugin', async () => {
    await engine.migrate([
      { owner: 'crm/resources', migrations: [one] },
      { owner: 'crm', migrations: [{ ...two, number: 1, sql: `${two.sql}; INSERT INTO a VALUES (2)` }] },
    ]);
    expect(await tables()).toEqual(['a', 'b']);
    expect(await engine.core().query('SELECT owner, number FROM migrations ORDER BY owner')).toEqual([
      { owner: 'crm', number: 1 },
      { owner: 'crm/resources', number: 1 },
    ]);
  });

  test('purge() drops the schema with its data and forgets the migrations', async () => {
    await engine.migrate([{ owner: 'crm/resources', migrations: [two] }]);
    await engine.migrate([{ owner: 'core/bus', migrations: [three] }]);
    await migrate([one]);
    await engine.purge('crm');
    expect(await engine.core().query('SELECT owner FROM migrations')).toEqual([{ owner: 'core/bus' }]);
    await engine.preparePlugin('crm');
    expect(await migrate([one])).toEqual(['0001-create-a.sql']);
  });
});

import type { AppError } from '@orchestrall/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnServers, sharedServer, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { Client } from 'pg';
import type { ServerConnection } from '../connection.ts';
import { createDatabase } from '../engine.ts';
import type { DatabaseEngine } from '../engine.ts';
import { appPassword } from '../roles.ts';

const silent = { warn: () => undefined, error: () => undefined };
const denied = { code: 'STATEMENT_FAILED', details: { sqlstate: '42501' } };
const unknownTable = { code: 'STATEMENT_FAILED', details: { sqlstate: '42P01' } };

describeOnServers('roles', (server) => {
  let database: TestDatabase;
  let engine: DatabaseEngine;

  beforeAll(async () => {
    database = await testDatabase({ server, plugins: ['crm', 'billing-x'] });
    engine = await database.open();
    await engine.core().query('CREATE TABLE secrets AS SELECT 1 AS one');
    await engine.forPlugin('billing-x').query('CREATE TABLE bills AS SELECT 1 AS one');
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test.each([
    'SELECT * FROM core.secrets',
    'SELECT * FROM plugin_billing_x.bills',
    'INSERT INTO plugin_billing_x.bills VALUES (2)',
    'DROP TABLE plugin_billing_x.bills',
    'DROP SCHEMA plugin_billing_x CASCADE',
    'CREATE TABLE core.mine (one int)',
    'CREATE TABLE public.mine (one int)',
    'CREATE SCHEMA mine',
    'CREATE ROLE mine',
    'SELECT * FROM pg_authid',
  ])('a plugin is denied: %s', async (sql) => {
    await expect(engine.forPlugin('crm').query(sql)).rejects.toMatchObject(denied);
  });

  test('a search path set by a plugin does not open the tables of others', async () => {
    const attempt = engine.forPlugin('crm').transaction(async (tx) => {
      await tx.query('SET LOCAL search_path = plugin_billing_x, core');
      await tx.query('SELECT * FROM bills');
    });
    // Without a right on the schema its tables are not even found.
    await expect(attempt).rejects.toMatchObject(unknownTable);
  });

  test.each(['core.secrets', 'plugin_billing_x.bills', 'plugin_crm.own'])(
    'RESET ROLE leaves a plugin with no right on %s',
    async (table) => {
      const crm = engine.forPlugin('crm');
      await crm.query('CREATE TABLE IF NOT EXISTS own (one int)');
      const attempt = crm.transaction(async (tx) => {
        await tx.query('RESET ROLE');
        await tx.query(`SELECT * FROM ${table}`);
      });
      await expect(attempt).rejects.toMatchObject(denied);
    },
  );

  test('the serving login owns nothing and inherits nothing', async () => {
    const rows = await engine.core().query<{ owned: number; inherits: boolean }>(
      `SELECT (SELECT count(*) FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o') AS owned,
              (SELECT bool_or(pg_has_role(r.oid, m.roleid, 'USAGE')) FROM pg_auth_members m WHERE m.member = r.oid)
                AS inherits
       FROM pg_roles r WHERE rolname = 'orchestrall_app'`,
    );
    expect(rows).toEqual([{ owned: 0, inherits: false }]);
  });

  test('a role set for the session by one plugin does not reach the next transaction', async () => {
    const single = await database.open({ poolSize: 1 });
    await single.forPlugin('crm').query('SET ROLE orchestrall_app');
    expect(await single.forPlugin('billing-x').query('SELECT current_user AS name')).toEqual([
      { name: 'orchestrall_plugin_billing_x' },
    ]);
  });

  test('bootstraps at the same moment in several databases of one server all succeed', async () => {
    const prefix = `race_${Math.random().toString(36).slice(2, 8)}`;
    const admin = await sharedServer(server);
    const connections = [1, 2, 3, 4].map((number) => ({ ...admin, database: `${prefix}_${number}` }));
    for (const { database: name } of connections) await run(admin, `CREATE DATABASE ${name}`);
    try {
      // Two replicas on each database.
      const replicas = [...connections, ...connections];
      const engines = await Promise.all(
        replicas.map((connection) => createDatabase({ connection, rolePrefix: prefix, log: silent })),
      );
      await Promise.all(engines.map((each) => each.preparePlugin('crm')));
      const answers = await Promise.all(
        engines.map((each) => each.forPlugin('crm').query('SELECT 1 AS one')),
      );
      expect(answers).toEqual(engines.map(() => [{ one: 1 }]));
      await Promise.all(engines.map((each) => each.close()));
    } finally {
      for (const { database: name } of connections) await run(admin, `DROP DATABASE ${name} WITH (FORCE)`);
      await dropRoles(server, prefix);
    }
  });

  test('an ordinary user with CREATEROLE that owns the database is enough', async () => {
    await withUser(server, 'CREATEROLE', async (connection, prefix) => {
      await using owned = await createDatabase({ connection, rolePrefix: prefix, log: silent });
      await owned.preparePlugin('crm');
      await owned.forPlugin('crm').query('CREATE TABLE own AS SELECT 1 AS one');
      await using again = await createDatabase({ connection, rolePrefix: prefix, log: silent });
      expect(await again.forPlugin('crm').query('SELECT * FROM own')).toEqual([{ one: 1 }]);
      await again.purge('crm');
      await again.preparePlugin('crm');
      await expect(again.forPlugin('crm').query('SELECT * FROM own')).rejects.toMatchObject(unknownTable);
    });
  });

  test('extensions that plugins ask for are made by the owner of the database, and found without a schema', async () => {
    await withUser(server, 'CREATEROLE', async (connection, prefix) => {
      await using owned = await createDatabase({ connection, rolePrefix: prefix, log: silent });
      await using replica = await createDatabase({ connection, rolePrefix: prefix, log: silent });
      const all = ['btree_gin', 'citext', 'fuzzystrmatch', 'pg_trgm', 'unaccent'];
      await Promise.all([owned, replica].map((each) => each.preparePlugin('crm', all)));
      const crm = owned.forPlugin('crm');
      await crm.query('CREATE TABLE people (name citext, kind integer)');
      await crm.query('CREATE INDEX ON people USING gin (kind, (name::text) gin_trgm_ops)');
      expect(
        await crm.query(
          `SELECT unaccent('Zoë') AS plain, levenshtein('ada', 'eda') AS distance, similarity('ada', 'ada') AS alike`,
        ),
      ).toEqual([{ plain: 'Zoe', distance: 1, alike: 1 }]);
      // Nothing is left to make, so nobody logs in as the administrator.
      await run(await sharedServer(server), `ALTER ROLE "${connection.user}" PASSWORD 'other'`);
      await owned.preparePlugin('crm', all);
      await expect(crm.query('CREATE TABLE core_extensions.mine (one int)')).rejects.toMatchObject(denied);
      await expect(crm.query('CREATE EXTENSION hstore')).rejects.toMatchObject(denied);
    });
  });

  test('an extension that may not be made is refused with the statements that mend it', async () => {
    await withUser(server, 'CREATEROLE', async (connection, prefix) => {
      await using owned = await createDatabase({ connection, rolePrefix: prefix, log: silent });
      const superuser = { ...(await sharedServer(server)), database: connection.database };
      await run(superuser, 'CREATE SCHEMA core_extensions');
      const refused = await owned.preparePlugin('crm', ['pg_trgm']).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'DATABASE_EXTENSION_UNAVAILABLE', status: 503 });
      const { hint } = (refused as AppError).details;
      await run(superuser, String(hint).replace(/^.*?: /, ''));
      await owned.preparePlugin('crm', ['pg_trgm']);
      expect(await owned.forPlugin('crm').query(`SELECT similarity('a', 'a') AS alike`)).toEqual([
        { alike: 1 },
      ]);
    });
  });

  test('an extension that the server lacks, or that stands elsewhere, is refused with the remedy', async () => {
    await withUser(server, 'CREATEROLE', async (connection, prefix) => {
      await using owned = await createDatabase({ connection, rolePrefix: prefix, log: silent });
      await expect(owned.preparePlugin('crm', ['of_tomorrow'])).rejects.toMatchObject({
        code: 'DATABASE_EXTENSION_UNAVAILABLE',
        message: expect.stringContaining('the server does not carry it'),
      });
      const superuser = { ...(await sharedServer(server)), database: connection.database };
      await run(superuser, 'CREATE EXTENSION citext SCHEMA public');
      await expect(owned.preparePlugin('crm', ['citext'])).rejects.toMatchObject({
        code: 'DATABASE_EXTENSION_UNAVAILABLE',
        message: expect.stringContaining('it stands in the schema public'),
        remedy: 'As its owner run: ALTER EXTENSION "citext" SET SCHEMA core_extensions;',
      });
      await run(superuser, 'ALTER EXTENSION "citext" SET SCHEMA core_extensions');
      await owned.preparePlugin('crm', ['citext']);
    });
  });

  test('a user without CREATEROLE is refused with the statement that mends it', async () => {
    await withUser(server, 'NOCREATEROLE', async (connection, prefix) => {
      await expect(createDatabase({ connection, rolePrefix: prefix, log: silent })).rejects.toMatchObject({
        code: 'DATABASE_RIGHTS_MISSING',
        remedy: expect.stringContaining(`ALTER ROLE "${connection.user}" CREATEROLE`),
      });
    });
  });

  test('a changed administrator password is followed by the serving login at the next start', async () => {
    await withUser(server, 'CREATEROLE', async (connection, prefix) => {
      await (await createDatabase({ connection, rolePrefix: prefix, log: silent })).close();
      const admin = await sharedServer(server);
      await run(admin, `ALTER ROLE "${connection.user}" PASSWORD 'other'`);
      const changed = { ...connection, password: 'other' };
      await using again = await createDatabase({ connection: changed, rolePrefix: prefix, log: silent });
      expect(await again.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(appPassword(changed, 'x')).not.toBe(appPassword(connection, 'x'));
    });
  });
});

async function run(connection: ServerConnection, ...statements: string[]): Promise<void> {
  const client = new Client({ ...connection });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A user who owns a fresh database; both are removed afterwards. */
async function withUser(
  server: 'embedded' | 'debian-15',
  attributes: string,
  work: (connection: ServerConnection, prefix: string) => Promise<void>,
): Promise<void> {
  const admin = await sharedServer(server);
  const prefix = `u_${Math.random().toString(36).slice(2, 8)}`;
  await run(
    admin,
    `CREATE ROLE ${prefix} LOGIN ${attributes} PASSWORD 'first'`,
    `CREATE DATABASE ${prefix} OWNER ${prefix}`,
  );
  try {
    await work({ ...admin, user: prefix, password: 'first', database: prefix }, prefix);
  } finally {
    await run(admin, `DROP DATABASE ${prefix} WITH (FORCE)`);
    await dropRoles(server, prefix);
  }
}

async function dropRoles(server: 'embedded' | 'debian-15', prefix: string): Promise<void> {
  const admin = await sharedServer(server);
  const client = new Client({ ...admin });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      'SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, $1) ORDER BY length(rolname) DESC',
      [prefix],
    );
    for (const { name } of rows) await client.query(`DROP OWNED BY ${name}`);
    for (const { name } of rows) await client.query(`DROP ROLE ${name}`);
  } finally {
    await client.end();
  }
}

test.each([
  ['the name of a database', { database: 'nowhere' }, 'there is no database of that name'],
  ['a password', { password: 'wrong' }, 'the user name or the password is wrong'],
])('a start with %s that PostgreSQL refuses says so, and what to correct', async (_what, wrong, reason) => {
  await using database = await testDatabase();
  const connection = { ...database.connection, ...wrong };
  await expect(createDatabase({ connection, log: silent })).rejects.toMatchObject({
    code: 'DATABASE_LOGIN_REFUSED',
    status: 503,
    details: { reason },
    remedy: expect.stringContaining('`database.url`'),
  });
});

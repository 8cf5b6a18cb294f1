import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';
import { liveFixtures } from './pack-fixture.ts';
import { changePlugin } from './plugins-api.ts';

let world: TestAppliance;
beforeAll(async () => {
  const features = { prying: true, vault: true };
  world = await createTestAppliance({ configuration: { features }, repository: liveFixtures });
});
afterAll(async () => world?.[Symbol.asyncDispose]());

async function pry(
  ...statements: string[]
): Promise<{ readonly rows?: object[]; readonly refused?: string }> {
  const answer = await world.request('POST', '/api/v1/prying/statements', { body: { statements } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { rows?: object[]; refused?: string };
}

/** Where a table of another owner lies, read past all roles. */
async function schemaOf(table: string): Promise<string> {
  const { appliance } = world;
  const [row] = await appliance.rooms.database
    .core()
    .query<{ schema: string }>(
      'select relnamespace::regnamespace::text as schema from pg_class where relname = $1',
      [table],
    );
  return row?.schema ?? '';
}

test.each(['secrets', 'plugins', 'configuration_versions'])(
  "a plugin reaches another's table %s neither by plain SQL, search path nor RESET ROLE",
  async (table) => {
    const schema = await schemaOf(table);
    expect(schema).not.toBe('');
    const denied = /permission denied|does not exist/;
    expect((await pry(`SELECT * FROM ${schema}.${table}`)).refused).toMatch(denied);
    expect((await pry(`SET LOCAL search_path = ${schema}`, `SELECT * FROM ${table}`)).refused).toMatch(
      denied,
    );
    expect((await pry('RESET ROLE', `SELECT * FROM ${schema}.${table}`)).refused).toMatch(denied);
    expect((await pry('SET LOCAL ROLE NONE', `SELECT * FROM ${schema}.${table}`)).refused).toMatch(denied);
    expect((await pry(`DROP TABLE ${schema}.${table}`)).refused).toMatch(/permission denied|must be owner/);
    expect((await pry(`CREATE TABLE ${schema}.planted (id integer)`)).refused).toMatch(denied);
  },
);

test('what one transaction tried is gone in the next', async () => {
  await pry('SET search_path = pg_catalog', 'RESET ROLE');
  expect((await pry('CREATE TABLE own (id integer)', 'SELECT * FROM own')).rows).toEqual([]);
  expect((await pry('SELECT current_user::text AS role, current_schema()::text AS schema')).rows).toEqual([
    { role: expect.stringContaining('prying'), schema: await schemaOf('own') },
  ]);
});

test('switching a plugin off keeps its data', async () => {
  const secrets = async (): Promise<unknown> => (await world.request('GET', '/api/v1/vault/secrets')).json();
  expect((await world.request('POST', '/api/v1/vault/secrets')).status).toBe(200);
  const before = await secrets();
  expect(before).toEqual({
    items: [
      { id: 1, text: 'kept' },
      { id: 2, text: 'added' },
    ],
  });
  await changePlugin(world, 'vault', 'disable');
  await changePlugin(world, 'vault', 'enable');
  expect(await secrets()).toEqual(before);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnServers, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { isOutage } from '../errors.ts';
import type { ScopedDatabase } from '../scoped-database.ts';

const raised = (code: string): string =>
  `DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '${code}'; END $$`;

describeOnServers('what a statement itself is refused for', (server) => {
  let database: TestDatabase;
  let crm: ScopedDatabase;

  beforeAll(async () => {
    database = await testDatabase({ server, plugins: ['crm'] });
    crm = (await database.open()).forPlugin('crm');
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test.each([
    ['28000', raised('28000'), []],
    ['28P01', raised('28P01'), []],
    ['3D000', raised('3D000'), []],
    ['3D000', "SELECT has_database_privilege('nowhere', 'CONNECT')", []],
    ['08006', raised('08006'), []],
    ['08P01', 'SELECT 1 AS one', ['a value that no placeholder takes']],
  ])('is no outage, such as %s by %s', async (sqlstate, sql, values) => {
    const error: unknown = await crm.query(sql, values).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'STATEMENT_FAILED', details: { sqlstate } });
    expect(isOutage(error)).toBe(false);
    expect(await crm.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { liveFixtures, packFixture } from '../../host/test/pack-fixture.ts';
import { untilPlugin } from '../../host/test/plugins-api.ts';
import { createTestAppliance } from '../../testing/appliance.ts';
import { testDatabase } from '../../testing/postgres.ts';

test('a plugin whose extension cannot be used fails with the remedy, serves once that is done, and the core all the time', async () => {
  await using database = await testDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'orchestrall-extensions-'));
  const administrator = new Client(database.connection);
  await administrator.connect();
  try {
    await administrator.query('CREATE EXTENSION pg_trgm SCHEMA public');
    await packFixture({
      name: 'vault',
      version: '1.1.0',
      into: folder,
      manifest: "extensions: ['pg_trgm', 'unaccent'],",
      files: {
        'migrations/0002-index.sql': `CREATE INDEX ON secrets USING gin (text gin_trgm_ops);
          INSERT INTO secrets VALUES (2, unaccent('Zoë'));`,
      },
    });
    await using world = await createTestAppliance({
      configuration: { features: { vault: true }, plugins: { paths: [folder] } },
      repository: liveFixtures,
      database,
    });
    const remedy = 'ALTER EXTENSION "pg_trgm" SET SCHEMA core_extensions';
    await untilPlugin(world, 'vault', { state: 'failed', reason: expect.stringContaining(remedy) });
    expect((await world.request('GET', '/api/v1/system/plugins')).status).toBe(200);
    await administrator.query(remedy);
    await untilPlugin(world, 'vault', { state: 'active', version: '1.1.0', reason: null });
    const found = await world.request('GET', '/api/v1/vault/secrets');
    expect(await found.json()).toMatchObject({ items: [{ text: 'kept' }, { text: 'Zoe' }] });
  } finally {
    await administrator.end();
    await rm(folder, { recursive: true, force: true });
  }
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StoredVersion } from '../configuration/versions.ts';
import { ConfigurationVersions } from '../configuration/versions.ts';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';

const path = '/api/v1/system/configuration/versions';

/** A data folder of an appliance that has this key. */
async function dataFolder(key = 'the key of a test'): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'orchestrall-versions-'));
  await writeFile(join(made, 'appliance.key'), key);
  return made;
}

async function versions(appliance: TestAppliance): Promise<StoredVersion[]> {
  const answer = await appliance.request('GET', path);
  return ((await answer.json()) as { items: StoredVersion[] }).items;
}

/** Everything that is stored of versions, as text. */
async function stored({ appliance }: TestAppliance): Promise<{ readonly rows: string }> {
  const core = appliance.rooms.database.core();
  const [row] = await core.query<{ rows: string }>(
    'select json_agg(v)::text as rows from configuration_versions v',
  );
  return row ?? { rows: '' };
}

describe('versions of the configuration across restarts', { timeout: 120_000 }, () => {
  let database: TestDatabase;
  let folder: string;
  let secret: string;

  beforeEach(async () => {
    database = await testDatabase();
    folder = await dataFolder();
    secret = join(folder, 'webhook');
    await writeFile(secret, 'hush-first-first-first');
  });

  afterEach(async () => {
    await database[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(more: object = {}, data = folder): Promise<TestAppliance> {
    const security = {
      webhook_secret: `\${file:${secret}}`,
      rate_limit: { requests_per_minute: 10_000_000, burst_size: 10_000_000 },
    };
    return createTestAppliance({ database, dataFolder: data, configuration: { security, ...more } });
  }

  /** Starts, looks at the versions and stops. */
  async function run(more: object = {}, data = folder): Promise<StoredVersion[]> {
    await using appliance = await start(more, data);
    return await versions(appliance);
  }

  test('a start with an unchanged configuration makes no version', async () => {
    const first = await run();
    expect(first).toMatchObject([{ version: 1, differences: [] }]);
    expect(await run()).toEqual(first);
  });

  test('a secret that was rotated while the appliance stood still differs at its path and shows neither', async () => {
    await run();
    await writeFile(secret, 'hush-other-other-other');
    const [newest, ...older] = await run();
    expect(newest?.differences).toEqual([
      {
        path: 'security.webhook_secret',
        change: 'changed',
        applies: 'restart',
        before: '[secret]',
        after: '[secret]',
      },
    ]);
    expect(older).toHaveLength(1);
    await using appliance = await start();
    const { rows } = await stored(appliance);
    expect(rows).toContain('webhook_secret');
    expect(rows).not.toContain('hush');
  });

  test('an edit made while the appliance stood still differs from the version of the run before', async () => {
    await run({ logging: { level: 'warn' } });
    const [newest] = await run({ logging: { level: 'error' }, events: { retention_days: 7 } });
    expect(newest).toMatchObject({
      waiting: [],
      differences: [
        { path: 'events.retention_days', after: 7 },
        { path: 'logging.level', change: 'changed', before: 'warn', after: 'error' },
      ],
    });
  });

  test('a text with characters that a database does not take as they are is kept', async () => {
    await run();
    const odd = { client: { id: 'test', name: 'a\u{0}b\u{d800}c' } };
    const [newest] = await run(odd);
    expect(newest?.differences).toMatchObject([{ path: 'client.name', after: odd.client.name }]);
    expect(await run(odd)).toHaveLength(2);
  });

  test('an edit of a later run differs from the version that an earlier run has stored', async () => {
    await run({ logging: { level: 'warn' } });
    await using appliance = await start({ logging: { level: 'warn' } });
    await appliance.configure({
      logging: { level: 'error' },
      security: {
        webhook_secret: `\${file:${secret}}`,
        rate_limit: { requests_per_minute: 10_000_000, burst_size: 10_000_000 },
      },
    });
    await vi.waitFor(async () => expect(await versions(appliance)).toHaveLength(2), { timeout: 30_000 });
    expect((await versions(appliance))[0]?.differences).toMatchObject([
      { path: 'logging.level', before: 'warn', after: 'error' },
    ]);
  });

  test('two replicas that start at once with the same configuration make one version', async () => {
    await run({ logging: { level: 'warn' } });
    const second = await dataFolder();
    try {
      const next = { logging: { level: 'error' } };
      const [one, other] = await Promise.all([run(next), run(next, second)]);
      expect(one).toMatchObject([{ differences: [{ path: 'logging.level' }] }, { differences: [] }]);
      expect(other).toEqual(one);
    } finally {
      await rm(second, { recursive: true, force: true });
    }
  });

  test('a version from before contents were stored is completed by the next start that equals it', async () => {
    await using appliance = await start();
    const core = appliance.appliance.rooms.database.core();
    await core.query('update configuration_versions set content = null');
    await appliance.appliance.stop('the test starts it again');
    expect(await run()).toHaveLength(1);
    const [newest] = await run({ logging: { level: 'error' } });
    expect(newest?.differences).toMatchObject([{ path: 'logging.level' }]);
  });

  test('versions beyond the bounds are removed, the oldest first, and contents before them', async () => {
    await using appliance = await start();
    const core = appliance.appliance.rooms.database.core();
    const bounded = new ConfigurationVersions(core, { versions: 3, contents: 2 });
    const described = { applied_at: '', author: null, file: null, waiting: [] };
    for (const hash of ['a', 'b', 'c', 'd']) {
      const snapshot = [{ path: ['client', 'id'], shown: hash, seal: null }];
      await bounded.keep({ ...described, hash, snapshot }, []);
    }
    const rows = await core.query<{ hash: string; kept: boolean }>(
      'select hash, content is not null as kept from configuration_versions order by version desc',
    );
    expect(rows).toEqual([
      { hash: 'd', kept: true },
      { hash: 'c', kept: true },
      { hash: 'b', kept: false },
    ]);
  });
});

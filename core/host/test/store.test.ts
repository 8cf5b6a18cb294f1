import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import { testDatabase, type TestDatabase } from '../../testing/postgres.ts';
import type { RecordChange } from '../desired.ts';
import { createHostStore, recordsChannel } from '../store.ts';

let server: TestDatabase;
let here: DatabaseEngine;
let there: DatabaseEngine;

beforeAll(async () => {
  const folder = fileURLToPath(new URL('../migrations', import.meta.url));
  const migrations = [{ owner: 'core/host', migrations: await readMigrations(folder, 'core/host') }];
  server = await testDatabase({ migrations });
  here = await server.open();
  there = await server.open();
});
afterAll(async () => server[Symbol.asyncDispose]());

test('changes that replicas make at the same time are all kept, the first one of a plugin too', async () => {
  const stores = [createHostStore(here.core()), createHostStore(there.core())] as const;
  const hold = { version: '1.0.0', above: '1.1.0' };
  const changes: readonly RecordChange[] = [
    () => ({ hold }),
    () => ({ servedVersion: '1.1.0' }),
    () => ({ highestVersion: '1.1.0' }),
    () => ({ rollbackFloor: '0.9.0' }),
    () => ({ previousVersion: '1.0.0' }),
    ({ reloads }) => ({ reloads: reloads + 1 }),
  ];
  await Promise.all(
    changes.map(async (change, index) => stores[index % 2 === 0 ? 0 : 1].change('crm', change)),
  );
  expect((await stores[0].load()).get('crm')).toEqual({
    name: 'crm',
    hold,
    servedVersion: '1.1.0',
    highestVersion: '1.1.0',
    rollbackFloor: '0.9.0',
    previousVersion: '1.0.0',
    reloads: 1,
  });
});

test('a change is told to replicas once it can be read; what throws changes nothing and tells nothing', async () => {
  const store = createHostStore(here.core());
  const heard = Promise.withResolvers<string>();
  const hearing = await there.listen(recordsChannel, heard.resolve, { onReconnect: 'polls' });
  const refused = new Error('below the floor');
  await expect(
    store.change('refused', () => {
      throw refused;
    }),
  ).rejects.toBe(refused);
  await store.change('idle', () => undefined);
  await store.change('sales', () => ({ servedVersion: '2.0.0' }));
  expect(await heard.promise).toBe('sales');
  const stored = await createHostStore(there.core()).load();
  expect(stored.get('sales')?.servedVersion).toBe('2.0.0');
  expect(stored.get('refused')).toBeUndefined();
  await hearing[Symbol.asyncDispose]();
});

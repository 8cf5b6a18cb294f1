import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { withScope } from '../../telemetry/scope.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { FlagRoom } from '../flags.ts';
import { flagDatabase } from './flag-database.ts';

let store: TestDatabase;
let database: DatabaseEngine;
/** Events and audit entries that were committed. */
const emitted: unknown[] = [];
const audited: unknown[] = [];
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const owner = {
  plugin: 'crm',
  version: '1.0.0',
  generation: 1,
  run: async <Result>(_kind: unknown, work: () => Promise<Result>): Promise<Result> => work(),
};

beforeAll(async () => {
  ({ store, database } = await flagDatabase(emitted, audited));
});
afterAll(() => store[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.core().query('delete from flags');
  emitted.length = 0;
  audited.length = 0;
});

async function room(environment: Record<string, boolean> = {}): Promise<FlagRoom> {
  const overrides = Object.entries(environment).map(
    ([name, enabled]) => [name, { enabled, variable: 'FF_X' }] as const,
  );
  const flags = new FlagRoom({ database, environment: new Map(overrides), log });
  flags.declare(() => ['plugin.crm', 'plugin.billing']);
  await flags.start();
  return flags;
}

test('a flag that nobody declares, asks for or has set is not found, and the names like it are told', async () => {
  await using flags = await room();
  const refusal = {
    code: 'FLAG_NOT_FOUND',
    status: 404,
    details: { name: 'plugin.cmr', nearest: ['plugin.crm'] },
  };
  expect(() => flags.find('plugin.cmr')).toThrow('No flag is named plugin.cmr');
  await expect(flags.set('plugin.cmr', true)).rejects.toMatchObject(refusal);
  await expect(flags.kill('plugin.cmr', true)).rejects.toMatchObject(refusal);
  await expect(flags.withdraw('plugin.cmr')).rejects.toMatchObject(refusal);
  await expect(flags.set('No Name', true)).rejects.toMatchObject({ code: 'FLAG_NAME_INVALID' });
  expect(await database.core().query('select * from flags')).toEqual([]);
});

test('a flag is known once a plugin asks for it, with the value the plugin takes where nobody decides', async () => {
  await using flags = await room();
  const registration = flags.forPlugin(owner);
  const heard: boolean[] = [];
  registration.api.watch('crm.fast-search', (enabled) => heard.push(enabled));
  expect(registration.api.isEnabled('crm.fast-search', true)).toBe(true);
  registration.activate();
  expect(flags.list().map(({ name, enabled }) => [name, enabled])).toEqual([
    ['crm.fast-search', true],
    ['plugin.billing', false],
    ['plugin.crm', false],
  ]);
  await flags.set('crm.fast-search', false);
  await expect.poll(() => heard).toEqual([false]);
  await registration[Symbol.asyncDispose]();
});

test('withdraw() lets the YAML decide again, as a change with its event and its entry', async () => {
  await using flags = await room();
  await using replica = await room();
  await flags.applyYaml(new Map([['plugin.crm', true]]));
  const caller = { id: 'u1', kind: 'user', name: 'ada', roles: ['admin'], teams: [], leads: [] } as const;
  await withScope({ caller }, () => flags.set('plugin.crm', false));
  expect(flags.find('plugin.crm')).toMatchObject({ enabled: false, decidedBy: 'admin' });
  await expect.poll(() => replica.isEnabled('plugin.crm')).toBe(false);
  emitted.length = 0;
  audited.length = 0;

  const after = await flags.withdraw('plugin.crm');
  expect(after).toMatchObject({ enabled: true, decidedBy: 'yaml', sources: { admin: undefined } });
  await expect.poll(() => replica.find('plugin.crm').decidedBy).toBe('yaml');
  expect(emitted).toEqual([{ name: 'plugin.crm', enabled: true, source: 'admin_withdrawn' }]);
  expect(audited).toEqual([
    expect.objectContaining({
      action: 'flag.changed',
      before: { enabled: false, source: 'admin' },
      after: { enabled: true, source: 'admin_withdrawn' },
    }),
  ]);

  await flags.withdraw('plugin.crm');
  expect([emitted.length, audited.length]).toEqual([1, 1]);
});

test('withdraw() under the environment changes nothing but what decides later', async () => {
  await using flags = await room({ 'plugin.crm': true });
  await flags.set('plugin.crm', true);
  expect(await flags.withdraw('plugin.crm')).toMatchObject({ enabled: true, decidedBy: 'environment' });
});

test('a flag that was set only here, and withdrawn, is known no more', async () => {
  const flags = await room();
  flags.forPlugin(owner).api.isEnabled('crm.beta');
  await flags.set('crm.beta', true);
  await flags[Symbol.asyncDispose]();
  await using later = await room();
  expect(later.find('crm.beta').enabled).toBe(true);
  await later.withdraw('crm.beta');
  expect(() => later.find('crm.beta')).toThrow('No flag is named crm.beta');
});

test('a key that leaves the YAML is a change that every replica hears of', async () => {
  await using flags = await room();
  await using replica = await room();
  await flags.applyYaml(new Map([['plugin.crm', true]]));
  await expect.poll(() => replica.isEnabled('plugin.crm')).toBe(true);
  emitted.length = 0;
  await flags.applyYaml(new Map());
  await expect.poll(() => replica.find('plugin.crm').decidedBy).toBe('default');
  expect(emitted).toEqual([{ name: 'plugin.crm', enabled: false, source: 'yaml' }]);
});

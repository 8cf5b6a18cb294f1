import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@orchestrall/sdk';
import Type from 'typebox';
import { afterEach, expect, test } from 'vitest';
import type { InstalledPlugins } from '../../config/capabilities/installed.ts';
import type { DescribedVersion } from '../../config/changes/version.ts';
import { loadConfiguration, type LoadedConfiguration } from '../../config/load.ts';
import { configurationSource, LiveConfiguration } from './live-configuration.ts';

const installed: InstalledPlugins = [
  {
    name: 'greetings',
    config: Type.Object({
      greeting: Type.String({ default: 'One' }),
      depot: Type.Integer({ default: 1, 'x-applies': 'restart' }),
    }),
  },
];

let folder: string;
let live: LiveConfiguration | undefined;
afterEach(async () => {
  await live?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const silent = (): void => {};

/** A live configuration on a file, whose edits are read when the test says so. */
async function follow(yaml: string) {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-live-'));
  const file = join(folder, 'client.yaml');
  const write = async (text: string): Promise<void> => writeFile(file, `client: {id: test}\n${text}`);
  await write(yaml);
  const load = () => ({ file, environment: {}, installed });
  const applied: LoadedConfiguration[] = [];
  const logged: unknown[][] = [];
  const kept: DescribedVersion[] = [];
  const away = { apply: false, keep: false };
  const reach = (what: keyof typeof away): void => {
    if (away[what]) throw new Error('the database is away');
  };
  const following = new LiveConfiguration({
    load,
    initial: await loadConfiguration(load()),
    installed: () => installed,
    versions: {
      async keep(described) {
        reach('keep');
        return kept.push(described);
      },
      list: async () => [],
    },
    bus: { emitFromCore: async () => 'id' },
    log: { debug: silent, info: (...line) => void logged.push(line), warn: silent, error: silent },
    keepPauseMs: 1,
    now: () => new Date(0),
    hashKey: new Secret('the key of a test'),
  });
  live = following;
  await following.start(async (next) => {
    reach('apply');
    return () => void applied.push(next);
  });
  const edit = async (text: string): Promise<void> => {
    await write(text);
    await following.check();
  };
  return { following, edit, applied, logged, kept, away };
}

test('an edit that waits for a restart leaves the live edits before it in force', async () => {
  const { following, edit, applied } = await follow('features: {greetings: true}\n');
  await edit('features: {greetings: true}\ngreetings: {greeting: Two}\n');
  expect(following.current.value.sections['greetings']).toMatchObject({ greeting: 'Two' });
  await edit('features: {greetings: true}\ngreetings: {greeting: Two, depot: 2}\n');
  expect(applied.at(-1)?.value.sections['greetings']).toEqual({ greeting: 'Two', depot: 1 });
  expect(following.waiting).toEqual(['greetings.depot']);
  await edit('features: {greetings: true}\ngreetings: {greeting: Two}\n');
  expect(following.waiting).toEqual([]);
});

test('features that the file does not name, and keys without effect, are logged', async () => {
  const { following, logged } = await follow('features: {agents: true}\n');
  expect(following.current.value.features['greetings']?.enabled).toBe(false);
  expect(logged).toMatchObject([
    [{ version: 1 }, 'configuration in force'],
    [{ features: ['greetings'] }, expect.stringContaining('does not name')],
    [{ inactive: [{ path: 'features.agents' }] }, expect.stringContaining('no effect')],
  ]);
  expect(configurationSource(following).effective().inactive).toMatchObject([{ path: 'features.agents' }]);
});

test('a broken edit keeps what was in force and says why until it is mended', async () => {
  const { following, edit } = await follow('features: {greetings: true}\n');
  await edit('features: {greeting: true}\n');
  expect(following.rejection?.faults.map(({ path }) => path)).toEqual(['features.greeting']);
  expect(following.current.value.features['greetings']?.enabled).toBe(true);
  await edit('features: {greetings: false}\n');
  expect(following.rejection).toBeUndefined();
  expect(following.current.value.features['greetings']?.enabled).toBe(false);
});

test('an edit that cannot be applied changes nothing until the database is back, and is then applied unasked', async () => {
  const { following, edit, applied, away } = await follow('features: {greetings: true}\n');
  away.apply = true;
  await edit('features: {greetings: false}\n');
  expect(following.rejection?.faults).toEqual([{ path: '', message: 'the database is away' }]);
  expect([following.current.value.features['greetings']?.enabled, applied]).toEqual([true, []]);
  away.apply = false;
  await expect.poll(() => following.rejection, { timeout: 30_000 }).toBeUndefined();
  expect(following.current.value.features['greetings']?.enabled).toBe(false);
  expect(applied).toHaveLength(1);
});

test('an edit whose version cannot be kept is in force all the same, and kept once that can be', async () => {
  const { following, edit, kept, away } = await follow('features: {greetings: true}\n');
  away.keep = true;
  await edit('features: {greetings: false}\n');
  expect(following.rejection).toBeUndefined();
  expect(following.current.value.features['greetings']?.enabled).toBe(false);
  await edit('features: {greetings: true}\n');
  expect(kept).toHaveLength(1);
  away.keep = false;
  await expect.poll(() => kept.length, { timeout: 30_000 }).toBe(3);
  expect(kept.map(({ hash }) => hash)).toEqual([kept[2]?.hash, kept[1]?.hash, following.hash]);
});

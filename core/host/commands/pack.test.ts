import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CommandStreams } from '../../command-line.ts';
import { readPacked } from '../packages/packed/packed.ts';
import { run } from './pack.ts';

const plugin = join(import.meta.dirname, '../test/fixtures/good');
let folder: string;
let printed: string;
let complained: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-pack-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function packed(...given: readonly string[]): Promise<number> {
  printed = '';
  complained = '';
  const streams: CommandStreams = {
    out: (text) => void (printed += text),
    error: (text) => void (complained += text),
    callingFolder: folder,
  };
  return run(given, streams);
}

test('a folder becomes a file of its name where the person stands, whose name, version and hash are printed', async () => {
  expect([await packed(plugin), complained]).toEqual([0, '']);
  const file = join(folder, 'good.orchplugin');
  const { manifest, origin } = await readPacked(file);
  expect(printed).toBe(`${manifest.name} ${manifest.version} ${file} ${origin.sha256}\n`);
  await packed(plugin, 'other.orchplugin');
  expect(printed).toContain(`${join(folder, 'other.orchplugin')} ${origin.sha256}\n`);
});

test('a folder without a plugin, and a file of another ending, are told with their remedies', async () => {
  expect(await packed(folder)).toBe(1);
  expect(complained).toMatch(/holds no plugin\.ts.*\nName the folder that holds plugin\.ts\.\n$/);
  expect(await packed('nowhere')).toBe(1);
  expect(complained).toMatch(/ENOENT.*\nName the folder that holds plugin\.ts\.\n$/);
  expect(await packed(plugin, 'good.zip')).toBe(1);
  expect(complained).toMatch(/does not end in \.orchplugin.*\nName the file with that ending\.\n$/);
});

test('wrong arguments exit with 64 and show the usage, which --help prints with 0', async () => {
  for (const given of [[], ['a', 'b', 'c'], ['--fast']]) {
    expect(await packed(...given)).toBe(64);
    expect(complained).toContain('Usage: npm run -s pack -- FOLDER [FILE]');
  }
  expect([await packed('--help'), complained]).toEqual([0, '']);
  expect(printed).toContain('Usage: npm run -s pack -- FOLDER [FILE]');
});

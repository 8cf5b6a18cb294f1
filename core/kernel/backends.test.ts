import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptKey, replicaName } from './backends.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-kept-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('keptKey() makes a key once, for its owner only, and leaves nothing else behind', async () => {
  const key = await keptKey(folder);
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect(await keptKey(folder)).toBe(key);
  expect((await stat(join(folder, 'appliance.key'))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['appliance.key']);
});

test('starts at the same moment get the same key', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => keptKey(folder)));
  expect(new Set(keys).size).toBe(1);
  expect(await readdir(folder)).toEqual(['appliance.key']);
});

test.each([
  ['empty', ''],
  ['empty', '\n'],
  ['does not have the form', 'half a key\u0000\u0000\u0000\u0000\u0000\u0000'],
])(
  'an appliance.key that is unusable (%s) is told with what would be lost, and stays as it is',
  async (fault, text) => {
    const file = join(folder, 'appliance.key');
    await writeFile(file, text);
    await expect(keptKey(folder)).rejects.toMatchObject({
      code: 'KEPT_FILE_UNUSABLE',
      message: expect.stringMatching(new RegExp(`^The file ${file} .*${fault}`)),
      remedy: expect.stringContaining('signing keys sealed with the old one are lost'),
    });
    expect(await readFile(file, 'utf8')).toBe(text);
  },
);

test('an empty name of the replica is refused with its remedy', async () => {
  await writeFile(join(folder, 'replica'), '');
  await expect(replicaName(folder)).rejects.toMatchObject({
    code: 'KEPT_FILE_UNUSABLE',
    remedy: expect.stringContaining('Delete it'),
  });
  await rm(join(folder, 'replica'));
  expect(await replicaName(folder)).toBe(await replicaName(folder));
});

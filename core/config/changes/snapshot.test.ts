import { createHash } from 'node:crypto';
import { Secret } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import type { LoadedConfiguration } from '../load.ts';
import { clientFolder, installed } from '../test/client-folder.ts';
import { snapshotDifference } from './difference.ts';
import { snapshotOf, type ConfigurationSnapshot } from './snapshot.ts';

const key = new Secret('the key of a test');
const plain = 'client: {id: acme}\n';

async function load(text: string, secret = 'hush-hush-hush-hush'): Promise<LoadedConfiguration> {
  await using folder = await clientFolder(plain + text);
  await folder.write('secret', secret);
  return await folder.load();
}

/** As it comes back from where it was stored. */
async function stored(text: string, secret?: string): Promise<ConfigurationSnapshot> {
  const json = JSON.stringify(snapshotOf(await load(text, secret), key));
  return JSON.parse(json) as ConfigurationSnapshot;
}

const withSecret = 'security: {webhook_secret: "${file:secret}"}\n';

test('a snapshot holds every value, and neither a secret nor a hash that could be made without the key', async () => {
  const snapshot = snapshotOf(await load(withSecret), key);
  expect(snapshot).toContainEqual({ path: ['client', 'id'], shown: 'acme', seal: null });
  expect(snapshot).toContainEqual({
    path: ['security', 'webhook_secret'],
    shown: '[secret]',
    seal: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const text = JSON.stringify(snapshot);
  expect(text).not.toContain('hush');
  for (const guess of ['hush-hush-hush-hush', '"hush-hush-hush-hush"']) {
    expect(text).not.toContain(createHash('sha256').update(guess).digest('hex'));
  }
});

test('the same secret at two paths has two seals', async () => {
  const snapshot = snapshotOf(await load('telemetry: {headers: {a: same-same, b: same-same}}\n'), key);
  const seals = snapshot.flatMap(({ seal }) => seal ?? []);
  expect(seals).toHaveLength(2);
  expect(new Set(seals).size).toBe(2);
});

test('a stored snapshot and a fresh one of the same settings do not differ, whatever their order', async () => {
  const lists = 'plugins: {paths: [/a, /b]}\nserver: {port: 1, host: h}\n';
  const before = await stored(lists + withSecret);
  const reordered = `${withSecret}server: {host: h, port: 1}\nplugins: {paths: [/a, /b]}\n`;
  expect(snapshotDifference(before, snapshotOf(await load(reordered), key))).toEqual([]);
});

test('a rotated secret differs at its path and shows neither', async () => {
  const next = snapshotOf(await load(withSecret, 'other-other-other'), key);
  expect(snapshotDifference(await stored(withSecret), next, installed)).toEqual([
    {
      path: 'security.webhook_secret',
      change: 'changed',
      applies: 'restart',
      before: '[secret]',
      after: '[secret]',
    },
  ]);
});

test('what was added and removed since a stored snapshot is told with its values', async () => {
  const next = snapshotOf(await load('server: {public_url: "https://a.example"}\n'), key);
  expect(
    snapshotDifference(await stored('logging: {levels: {bus: trace}}\n'), next, installed),
  ).toMatchObject([
    { path: 'logging.levels.bus', change: 'removed', applies: 'live', before: 'trace', after: null },
    { path: 'server.public_url', change: 'added', applies: 'restart', before: null },
  ]);
});

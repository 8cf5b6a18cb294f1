import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PluginShelf } from './shelf.ts';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

test('a log that is written all the time beside the plugins does not keep a new one from being seen', async () => {
  await using folder = {
    path: await mkdtemp(join(tmpdir(), 'orchestrall-shelf-')),
    async [Symbol.asyncDispose]() {
      await rm(this.path, { recursive: true, force: true });
    },
  };
  const { path } = folder;
  await using shelf = new PluginShelf({ repository: path, paths: [path], log: silent, longestQuietMs: 500 });
  await shelf.look();
  const seen = new AbortController();
  await shelf.watch(() => {
    if (shelf.plugins.length > 0) seen.abort();
  });
  await mkdir(join(path, 'late'));
  const definition = "{ name: 'late', version: '1.0.0', engine: '*', setup() {} }";
  await writeFile(join(path, 'late', 'plugin.mjs'), `export default ${definition};\n`);
  for (let line = 0; line < 600 && !seen.signal.aborted; line += 1) {
    await writeFile(join(path, 'some.log'), `${line}\n`);
    await pause(20);
  }
  expect(shelf.plugins.map(({ manifest }) => manifest.name)).toEqual(['late']);
});

import Fastify from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSource } from './source.ts';

const good = new URL('../test/fixtures/good', import.meta.url).pathname;

/** A dependency whose method lives on its prototype. */
class Greeter {
  async greet(name: string): Promise<string> {
    return `Hello, ${name}`;
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-source-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Writes a plugin folder from its files. */
async function write(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, name, file);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
  }
  return join(folder, name);
}

const plain = `export default { name: 'plain', version: '1.0.0', engine: '*', setup() {} };`;

describe('loadSource()', () => {
  test('loads definition, manifest and migrations of a folder', async () => {
    const loaded = await loadSource(good);
    expect(loaded.definition.name).toBe('good');
    expect(loaded.manifest).toMatchObject({
      features: ['good'],
      providers: ['builtin'],
      rollback_floor: null,
      config: { type: 'object', properties: { salutation: { type: 'string', default: 'Hello' } } },
      provides: { name: 'good', version: '1.0.0', events: [{ type: 'greeting.given' }] },
    });
    expect(loaded.migrations.map(({ number, name }) => [number, name])).toEqual([
      [1, '0001-create-greetings'],
      [2, '0002-add-given-at'],
    ]);
    expect(loaded.origin).toEqual({ kind: 'source', path: good });
  });

  test('registerRoutes() serves each route file with the very dependencies, folders as prefixes', async () => {
    const loaded = await loadSource(good);
    const app = Fastify().withTypeProvider<TypeBoxTypeProvider>();
    await loaded.registerRoutes(app, { service: new Greeter(), prefix: '/elsewhere' });
    const greeting = await app.inject('/api/v1/good/greetings/Ada');
    expect(greeting.json()).toEqual({ greeting: 'Hello, Ada' });
    expect(greeting.headers['x-admin']).toBeUndefined();
    expect((await app.inject('/api/v1/good/farewells/Ada')).json()).toEqual({ farewell: 'Farewell, Ada' });
    const reset = await app.inject({ method: 'POST', url: '/admin/resets' });
    expect([reset.statusCode, reset.headers['x-admin']]).toEqual([200, 'yes']);
    await app.close();
  });

  test('a folder may have neither routes nor migrations', async () => {
    const loaded = await loadSource(await write('plain', { 'plugin.mjs': plain }));
    expect(loaded.migrations).toEqual([]);
    const app = Fastify().withTypeProvider<TypeBoxTypeProvider>();
    await loaded.registerRoutes(app, {});
    await app.close();
  });

  test.each([
    ['no plugin.ts', {}, 'holds no plugin.ts'],
    ['a throw at import', { 'plugin.mjs': `throw new Error('no licence');` }, 'no licence'],
    ['no default export', { 'plugin.mjs': 'export const plugin = 1;' }, 'nothing is not a plugin definition'],
    [
      'a throw in a route file',
      { 'plugin.mjs': plain, 'routes/a.mjs': `throw new Error('no route');` },
      'no route',
    ],
    [
      'a route file without a function',
      { 'plugin.mjs': plain, 'routes/a.mjs': 'export default 1;' },
      'routes/a.mjs',
    ],
    [
      'a route file with a callback',
      { 'plugin.mjs': plain, 'routes/a.mjs': 'export default (app, options, done) => done();' },
      'third parameter',
    ],
    [
      'an unnumbered migration',
      { 'plugin.mjs': plain, 'migrations/first.sql': 'SELECT 1;' },
      'migrations/first.sql',
    ],
    [
      'a migration number used twice',
      { 'plugin.mjs': plain, 'migrations/0001-a.sql': 'SELECT 1;', 'migrations/0001-b.sql': 'SELECT 1;' },
      'number 1 is also that of 0001-a.sql',
    ],
    ['an empty migration', { 'plugin.mjs': plain, 'migrations/0001-a.sql': '\n' }, 'is empty'],
  ])('refuses %s and names it', async (name, files, message) => {
    const path = await write(name.replaceAll(' ', '-'), { 'readme.txt': 'x', ...files });
    await expect(loadSource(path)).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringContaining(message),
      details: { faults: [{ file: path }] },
    });
  });

  test.each<[string, (path: string) => Promise<unknown>, string]>([
    ['a pipe', async (path) => promisify(execFile)('mkfifo', [path]), 'is not a file'],
    ['a folder', async (path) => mkdir(path), 'is not a file'],
    ['a link to nothing', async (path) => symlink('absent', path), 'cannot be read: ENOENT'],
    [
      'too long a file',
      async (path) => writeFile(path, '').then(async () => truncate(path, 3 * 2 ** 30)),
      'has 3221225472 bytes, more than 67108864',
    ],
  ])('refuses %s among the migrations at once', async (name, make, message) => {
    const path = await write(`migration-${name.replaceAll(' ', '-')}`, {
      'plugin.mjs': plain,
      'migrations/readme.md': 'x',
    });
    await make(join(path, 'migrations', '0001-a.sql'));
    await expect(loadSource(path)).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringContaining(`migrations/0001-a.sql: ${message}`),
    });
  });

  test('refuses a path that does not exist', async () => {
    await expect(loadSource(join(folder, 'absent'))).rejects.toThrow(/absent.*ENOENT/u);
  });
});

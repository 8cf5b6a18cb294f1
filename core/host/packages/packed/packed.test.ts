import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify from 'fastify';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodePacked, maxPackedBytes, sha256 } from './file-format.ts';
import { pack } from './pack.ts';
import type { PluginPackage } from '../package.ts';
import { loadPacked, readPacked } from './packed.ts';
import { loadSource } from '../source.ts';
import { decodeTar, encodeTar } from './tar.ts';

const execute = promisify(execFile);
const good = new URL('../../test/fixtures/good', import.meta.url).pathname;
// The instance that code outside this test runner's own module graph sees.
const sdk: { AppError: new (...parameters: never[]) => Error } = createRequire(import.meta.url)(
  '@orchestrall/sdk',
);

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-packed-'));
  // So that a package.json of whoever uses the same temporary folder decides nothing.
  await writeFile(join(folder, 'package.json'), '{}');
  file = join(folder, 'good.orchplugin');
  await pack(good, file);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The routes of a package as Fastify prints them. */
async function printRoutes(loaded: PluginPackage): Promise<string> {
  const app = Fastify().withTypeProvider<TypeBoxTypeProvider>();
  await loaded.registerRoutes(app, { service: { greet: async (name: string) => `Hello, ${name}` } });
  await app.ready();
  const printed = app.printRoutes({ commonPrefix: false, includeHooks: true });
  await app.close();
  return printed;
}

/** A plugin folder in the test's own folder. */
async function write(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, name, path, '..'), { recursive: true });
    await writeFile(join(folder, name, path), text);
  }
  return join(folder, name);
}

/** Writes a variant of the good file. */
async function variant(name: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  const path = join(folder, `${name}.orchplugin`);
  await writeFile(path, change(Buffer.from(await readFile(file))));
  return path;
}

/** Rebuilds the archive from changed entries, with a digest that fits. */
function resealed(bytes: Buffer, change: (name: string, text: string) => string, extra = ''): Buffer {
  const entries = decodeTar(bytes)
    .slice(0, -1)
    .map(({ name, content }) => ({ name, content: Buffer.from(change(name, content.toString('utf8'))) }));
  if (extra !== '') entries.push({ name: extra, content: Buffer.from('SELECT 1;') });
  const digest = sha256(encodeTar(entries).subarray(0, -1024));
  return encodeTar([...entries, { name: 'sha256', content: Buffer.from(`${digest}\n`) }]);
}

/** A change of the index's text. */
function index(from: RegExp, to: string): (name: string, text: string) => string {
  return (name, text) => (name === 'orchplugin.json' ? text.replace(from, to) : text);
}

describe('pack() and loadPacked()', () => {
  test('give the manifest, migrations and route table that the source folder gives', async () => {
    const [source, packed] = await Promise.all([loadSource(good), loadPacked(file)]);
    expect(packed.manifest).toEqual(source.manifest);
    expect(packed.migrations).toEqual(source.migrations);
    const printed = await printRoutes(packed);
    expect(printed).toBe(await printRoutes(source));
    expect(printed).toContain('/admin/resets (POST)');
  });

  test('the same folder gives the same bytes from another place and another working folder', async () => {
    const elsewhere = join(folder, 'a', 'much', 'deeper', 'place');
    await cp(good, elsewhere, { recursive: true });
    const second = join(folder, 'second.orchplugin');
    const workingFolder = process.cwd();
    process.chdir(folder);
    try {
      await pack(elsewhere, second);
    } finally {
      process.chdir(workingFolder);
    }
    const bytes = await readFile(second);
    expect(sha256(bytes)).toBe(sha256(await readFile(file)));
    expect(bytes.includes(folder)).toBe(false);
    expect(bytes.includes(good)).toBe(false);
    const map = /base64,(?<map>\S+)/u.exec(bytes.toString('utf8'))?.groups?.['map'] ?? '';
    expect(Buffer.from(map, 'base64').toString('utf8')).toContain('"routes/greetings.ts"');
    expect(Buffer.from(map, 'base64').toString('utf8')).not.toContain(folder);
  });

  test('carry dependencies and share the SDK with the core', async () => {
    const path = await write('dependent', {
      'package.json': '{ "type": "module" }',
      'node_modules/tiny/package.json': '{ "name": "tiny", "version": "1.0.0", "main": "index.cjs" }',
      'node_modules/tiny/index.cjs': `exports.path = require('node:path').posix.join('a', 'b');`,
      'routes/fail.ts': `
        import { AppError } from '@orchestrall/sdk';
        import { path } from 'tiny';
        export default async (app: { get: Function }) => {
          app.get('/fail', async () => {
            const later = await import('node:os');
            throw new AppError({ code: path, status: 418, message: typeof later.cpus, remedy: '' });
          });
        };`,
      'plugin.ts': `export default { name: 'dependent', version: '1.0.0', engine: '*', setup() {} };`,
    });
    const packed = join(folder, 'dependent.orchplugin');
    await pack(path, packed);
    await rm(path, { recursive: true });
    const app = Fastify().withTypeProvider<TypeBoxTypeProvider>();
    let thrown: unknown;
    app.setErrorHandler((error, _request, reply) => {
      thrown = error;
      return reply.send();
    });
    await (await loadPacked(packed)).registerRoutes(app, {});
    await app.inject('/fail');
    await app.close();
    expect(thrown).toBeInstanceOf(sdk.AppError);
    expect(thrown).toMatchObject({ code: 'a/b', message: 'function' });
  });

  test('share the conventions of the SDK with the core, and bring their own query builder to them', async () => {
    const path = await write('conventional', {
      'package.json': '{ "type": "module" }',
      'routes/fail.ts': `
        import { toStatement } from '@orchestrall/sdk/resources';
        import { sql } from 'kysely';
        export default async () => {
          throw Object.assign(new Error('told'), { toStatement, made: toStatement(sql\`select \${1} + \${2}\`) });
        };`,
      'plugin.ts': `export default { name: 'conventional', version: '1.0.0', engine: '*', setup() {} };`,
    });
    await symlink(join(import.meta.dirname, '../../../../node_modules'), join(path, 'node_modules'));
    const packed = join(folder, 'conventional.orchplugin');
    await pack(path, packed);
    await rm(path, { recursive: true });
    const thrown: unknown = await (
      await loadPacked(packed)
    )
      .registerRoutes(Fastify().withTypeProvider<TypeBoxTypeProvider>(), {})
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      toStatement: createRequire(import.meta.url)('@orchestrall/sdk/resources').toStatement,
      made: { sql: 'select $1 + $2', parameters: [1, 2] },
    });
  });

  test("stack traces name the author's files and lines", async () => {
    const path = await write('failing', {
      'plugin.ts': `export default { name: 'failing', version: '1.0.0', engine: '*', setup: () => {} };`,
      'routes/fail.ts': `
        type Spread = {
          over: 'lines';
        };
        export default async () => {
          throw new Error('here');
        };`,
    });
    const packed = join(folder, 'failing.orchplugin');
    await pack(path, packed);
    // In a process of its own: the test runner formats stack traces itself.
    const script = `
      import Fastify from 'fastify';
      const { loadPacked } = await import(process.argv[1]);
      const loaded = await loadPacked(process.argv[2]);
      await loaded.registerRoutes(Fastify(), {}).catch((error) => console.log(error.stack));`;
    const loader = new URL('packed.ts', import.meta.url).href;
    const { stdout } = await execute(
      process.execPath,
      ['--input-type=module', '--eval', script, loader, packed],
      { cwd: import.meta.dirname },
    );
    expect(stdout).toContain(`${packed}/routes/fail.ts:6:17`);
  });

  test('each load is a fresh copy, and after unload() the package says so', async () => {
    const [first, second] = [await loadPacked(file), await loadPacked(file)];
    expect(first.definition).not.toBe(second.definition);
    first.unload();
    first.unload();
    expect(() => first.definition).toThrow('the code of good 1.0.0 is unloaded');
    expect(second.definition.name).toBe('good');
  });

  test('a changed folder is packed as it is now', async () => {
    const target = join(folder, 'changing.orchplugin');
    for (const version of ['1.0.0', '1.1.0']) {
      const entry = `export default { name: 'changing', version: '${version}', engine: '*', setup() {} };`;
      const packed = await pack(await write('changing', { 'plugin.ts': entry }), target);
      expect(packed.manifest.version).toBe(version);
      expect((await loadPacked(target)).definition.version).toBe(version);
    }
  });

  test.each([
    ['top-level await', { 'plugin.ts': 'await 1; export default {};' }, 'Top-level await'],
    ['an unknown import', { 'plugin.ts': `import 'absent-module'; export default {};` }, 'absent-module'],
    [
      'a data file',
      { 'plugin.ts': `import a from './a.png'; export default { a };`, 'a.png': 'x' },
      'only code can',
    ],
    ['its own folder', { 'plugin.ts': `export default { a: import.meta.dirname };` }, 'import.meta'],
    ['a throw', { 'plugin.ts': `throw new Error('no licence');` }, 'no licence'],
    ['a faulty manifest', { 'plugin.ts': `export default { name: 'x' };` }, '/setup'],
  ])('pack() refuses a folder with %s', async (name, files, message) => {
    const path = await write(`refused-${name.replaceAll(' ', '-')}`, files);
    const target = join(folder, 'refused.orchplugin');
    await expect(pack(path, target)).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringContaining(message),
    });
    await expect(readFile(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('pack() refuses a file of another ending', async () => {
    await expect(pack(good, join(folder, 'good.tar'))).rejects.toThrow('.orchplugin');
  });
});

describe('readPacked()', () => {
  test('refuses a flip of any one bit', async () => {
    const bytes = await readFile(file);
    const path = join(folder, 'flipped.orchplugin');
    const step = Math.ceil(bytes.length / 200);
    for (let place = 0; place < bytes.length; place += step) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(place) ^ (1 << (place % 8)), place);
      await writeFile(path, flipped);
      await expect(readPacked(path), `byte ${place}`).rejects.toMatchObject({ code: 'PLUGIN_INVALID' });
    }
  });

  test('refuses a file cut short at any place, and an empty one', async () => {
    const bytes = await readFile(file);
    const path = join(folder, 'cut.orchplugin');
    for (const length of [0, 1, 511, 512, 1024, bytes.length >> 1, bytes.length - 1024, bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, length));
      await expect(readPacked(path), `${length} bytes`).rejects.toThrow(/cut short|damaged/u);
    }
  });

  test.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['bytes after its end', (bytes) => Buffer.concat([bytes, Buffer.alloc(512)]), 'the end at byte'],
    ['a climbing path', (bytes) => resealed(bytes, (_, text) => text, '../escape.sql'), '../escape.sql'],
    ['a climbing migration', (bytes) => resealed(bytes, (_, text) => text, 'migrations/../a.sql'), 'a.sql'],
    ['a file twice', (bytes) => resealed(bytes, (_, text) => text, 'plugin.cjs'), 'is there twice'],
    [
      'a higher format version',
      (bytes) => resealed(bytes, index(/"format": 1/u, '"format": 2')),
      'format version 2',
    ],
    ['no JSON in its index', (bytes) => resealed(bytes, index(/\{/u, '')), 'is not JSON'],
    [
      'an index of another form',
      (bytes) => resealed(bytes, index(/"hosts"/u, '"guests"')),
      'orchplugin.json',
    ],
  ])('refuses a file with %s', async (name, change, message) => {
    const path = await variant(name.replaceAll(' ', '-'), change);
    await expect(readPacked(path)).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringContaining(message),
      details: { faults: [{ file: path }] },
    });
  });

  test('refuses a file that is too large without reading it', async () => {
    const path = await variant('large', (bytes) => bytes);
    await truncate(path, maxPackedBytes + 1);
    await expect(readPacked(path)).rejects.toThrow('more than');
  });

  test('refuses a missing file and a folder', async () => {
    await expect(readPacked(join(folder, 'absent.orchplugin'))).rejects.toThrow('ENOENT');
    await mkdir(join(folder, 'folder.orchplugin'));
    await expect(readPacked(join(folder, 'folder.orchplugin'))).rejects.toThrow('EISDIR');
  });

  test('runs no code; loadPacked() refuses code that declares another manifest', async () => {
    const path = await variant('renamed', (bytes) =>
      resealed(bytes, index(/"name": "good"/u, '"name": "other"')),
    );
    expect((await readPacked(path)).manifest.name).toBe('other');
    await expect(loadPacked(path)).rejects.toThrow('/name: what the file says of itself differs');
    const { manifest, migrations } = await readPacked(file);
    const throwing = join(folder, 'throwing.orchplugin');
    await writeFile(
      throwing,
      encodePacked({ manifest, migrations, routes: [], code: 'throw new Error("it ran");' }),
    );
    expect((await readPacked(throwing)).manifest).toEqual(manifest);
    await expect(loadPacked(throwing)).rejects.toThrow('it ran');
  });

  test('follows a link to the file', async () => {
    const link = join(folder, 'current.orchplugin');
    await symlink(file, link);
    expect((await readPacked(link)).origin).toMatchObject({ kind: 'packed', path: file });
  });
});

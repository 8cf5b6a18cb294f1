import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleDependencies } from './bundle.ts';
import { manifestFile, packagesFolder, readManifest, type BundleManifest } from './manifest.ts';

const run = promisify(execFile);
const folder = join(packagesFolder, `.orchestrall-test-${process.pid}`);
let outside: string;
let manifest: BundleManifest;

/** Runs a module outside of the repository in a process of its own; gives what it prints as JSON. */
async function evaluate(code: string, { bundled = true } = {}): Promise<unknown> {
  const redirect = pathToFileURL(join(import.meta.dirname, 'redirect.ts')).href;
  const use = `import { useBundledDependencies } from '${redirect}'; useBundledDependencies('${folder}');`;
  const file = join(outside, 'probe.mjs');
  await writeFile(file, `${bundled ? use : ''}\n${code}`);
  return JSON.parse((await run(process.execPath, [file])).stdout);
}

beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), 'orchestrall-bundle-'));
  await symlink(packagesFolder, join(outside, 'node_modules'));
  await bundleDependencies(folder);
  const read = readManifest(folder);
  if (read === undefined) throw new TypeError('there is no bundle');
  manifest = read;
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(outside, { recursive: true, force: true });
});

describe('the bundle of packages', () => {
  test('each module exports the names that the package itself exports', { timeout: 60_000 }, async () => {
    const files = Object.keys(manifest.modules).map((file) => pathToFileURL(join(packagesFolder, file)).href);
    const code = `const exported = {};
      for (const file of ${JSON.stringify(files)}) exported[file] = Object.keys(await import(file)).toSorted();
      console.log(JSON.stringify(exported));`;
    expect(files.length).toBeGreaterThan(20);
    expect(await evaluate(code)).toEqual(await evaluate(code, { bundled: false }));
  });

  test("core, plugins elsewhere and require() get one instance, and it is the bundle's", async () => {
    const code = `import { createRequire } from 'node:module';
      const core = createRequire('${join(import.meta.dirname, 'x.js')}');
      const [here, fastify] = [await import('typebox'), await import('fastify')];
      console.log(JSON.stringify({
        typebox: here.Type === core('typebox').Type,
        fastify: fastify.default === core('fastify'),
        place: import.meta.resolve('typebox'),
      }));`;
    const place = pathToFileURL(join(folder, 'typebox.mjs')).href;
    expect(await evaluate(code)).toEqual({ typebox: true, fastify: true, place });
  });

  test("the SDK's conventions are one instance for core and plugins too, on the bundle's packages", async () => {
    const code = `import { createRequire } from 'node:module';
      const { sql } = await import('kysely');
      const imported = await import('@orchestrall/sdk/resources');
      const core = createRequire('${join(import.meta.dirname, 'x.js')}')('@orchestrall/sdk/resources');
      const { constructor } = imported.columnRef({ column: 'name' }, 'contacts');
      console.log(JSON.stringify({
        isOne: Object.keys(imported).every((name) => imported[name] === core[name]),
        kysely: sql.ref('name').constructor === constructor,
      }));`;
    expect(await evaluate(code)).toEqual({ isOne: true, kysely: true });
  });

  test('a bundle of other packages than are installed is not used', async () => {
    const whole = await readFile(manifestFile(folder), 'utf8');
    await writeFile(manifestFile(folder), JSON.stringify({ ...manifest, installed: 'of another day' }));
    try {
      expect(readManifest(folder)).toBeUndefined();
      const place = await evaluate(`console.log(JSON.stringify(import.meta.resolve('fastify')));`);
      expect(place).toBe(pathToFileURL(join(packagesFolder, 'fastify/fastify.js')).href);
    } finally {
      await writeFile(manifestFile(folder), whole);
    }
  });

  test('without a bundle packages are loaded as they are', () => {
    expect(readManifest(join(packagesFolder, '.orchestrall-none'))).toBeUndefined();
  });
});

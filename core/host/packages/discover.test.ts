import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discover } from './discover.ts';
import { pack } from './packed/pack.ts';
import { resolvePlugins } from './resolve.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-discover-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
}

function definition(name: string, version: string): string {
  return `export default { name: '${name}', version: '${version}', engine: '*', setup() {} };`;
}

/** Packs one version of a plugin that exists nowhere else. */
async function packVersion(name: string, version: string, file: string): Promise<void> {
  await write(`authors/${name}-${version}/plugin.mjs`, definition(name, version));
  await pack(join(folder, 'authors', `${name}-${version}`), join(folder, file));
}

describe('discover()', () => {
  test('finds source folders and every packed version, newest first, and loads them', async () => {
    await write('all/repository/alpha/package.json', '{ "type": "module" }');
    await write('all/repository/alpha/plugin.mjs', definition('alpha', '1.0.0'));
    await write('all/repository/types-only/package.json', '{}');
    await write('all/repository/no-package/plugin.mjs', 'throw new Error("never imported")');
    await packVersion('beta', '1.9.0', 'all/drop/beta-1.9.0.orchplugin');
    await packVersion('beta', '1.10.0', 'all/drop/beta-1.10.0.orchplugin');
    await packVersion('gamma', '2.0.0', 'all/gamma.orchplugin');
    await write('all/drop/delta/plugin.mjs', definition('delta', '0.1.0'));
    await write('all/drop/readme.txt', 'not a plugin');
    await write('all/drop/.hidden.orchplugin.123.tmp', 'half written');
    const { plugins, faults } = await discover({
      repository: join(folder, 'all/repository'),
      paths: ['drop', './gamma.orchplugin', 'drop/beta-1.9.0.orchplugin'],
      base: join(folder, 'all'),
    });
    expect(faults).toEqual([]);
    const list = plugins.map(({ manifest, origin }) => [manifest.name, manifest.version, origin.kind]);
    expect(list).toEqual([
      ['alpha', '1.0.0', 'source'],
      ['beta', '1.10.0', 'packed'],
      ['beta', '1.9.0', 'packed'],
      ['delta', '0.1.0', 'source'],
      ['gamma', '2.0.0', 'packed'],
    ]);
    for (const plugin of plugins) {
      expect((await plugin.load()).definition.version).toBe(plugin.manifest.version);
    }
  });

  test('waits neither for ever nor twice for a module whose top level does not end, and finds the others', async () => {
    await write('endless/waits/plugin.mjs', `await new Promise(() => {}); ${definition('waits', '1.0.0')}`);
    await write('endless/fine/plugin.mjs', definition('fine', '1.0.0'));
    const look = async () => discover({ paths: ['endless'], base: folder, importLimitMs: 2_000 });
    const { plugins, faults } = await look();
    expect(plugins.map(({ manifest }) => manifest.name)).toEqual(['fine']);
    const message = 'its top level has not ended within 2000 ms';
    expect(faults).toEqual([
      expect.objectContaining({ file: join(folder, 'endless/waits'), path: 'plugin.mjs', message }),
    ]);
    expect((await look()).faults).toEqual(faults);
  });

  test('names each fault with its file and still finds the others', async () => {
    await write('some/throws/plugin.mjs', 'throw new Error("no licence");');
    await write('some/nameless/plugin.mjs', `export default { version: '1', engine: '*', setup() {} };`);
    await write('some/broken.orchplugin', 'not an archive');
    await write('some/fine/plugin.mjs', definition('fine', '1.0.0'));
    await write('notes.txt', 'no plugin');
    const { plugins, faults } = await discover({ paths: ['some', 'absent', 'notes.txt'], base: folder });
    expect(plugins.map(({ manifest }) => manifest.name)).toEqual(['fine']);
    const named = faults.map(
      ({ file, path, message }) => `${file.slice(folder.length + 1)} ${path}: ${message}`,
    );
    expect(named.toSorted()).toEqual([
      expect.stringContaining('absent : there is no such folder'),
      expect.stringContaining('notes.txt : is not a packed plugin'),
      expect.stringContaining('some/broken.orchplugin : the file is cut short'),
      'some/nameless /name: nothing is not a plugin name',
      'some/nameless /version: "1" is not a semantic version',
      expect.stringContaining('some/throws plugin.mjs: throws when it is imported: no licence'),
    ]);
    expect(faults.every(({ remedy }) => remedy.endsWith('.'))).toBe(true);
  });

  test('takes the first of two with one name and version, and says so unless they are the same file', async () => {
    await packVersion('twin', '1.0.0', 'twins/a.orchplugin');
    await packVersion('twin', '1.0.0', 'twins/b.orchplugin');
    const same = await discover({ paths: [join(folder, 'twins')] });
    expect([same.plugins.length, same.faults]).toEqual([1, []]);
    await write('twins/c/plugin.mjs', definition('twin', '1.0.0'));
    const { plugins, faults } = await discover({ paths: [join(folder, 'twins')] });
    expect(plugins.map(({ origin }) => origin.path)).toEqual([join(folder, 'twins/a.orchplugin')]);
    expect(faults).toMatchObject([{ file: join(folder, 'twins/c'), path: '/version' }]);
  });

  test('of faulty and entangled plugins beside a good one, each is told apart', async () => {
    const fixtures = new URL('../test/fixtures', import.meta.url).pathname;
    const names = ['good', 'throws-at-import', 'bad-manifest', 'cycle-one', 'cycle-two'];
    const { plugins, faults } = await discover({ paths: names, base: fixtures });
    expect(faults.map(({ file, path }) => `${file.slice(fixtures.length + 1)} ${path}`).toSorted()).toEqual([
      'bad-manifest /emits/0/type',
      'bad-manifest /engine',
      'bad-manifest /name',
      'bad-manifest /prefixes/0',
      'bad-manifest /setup',
      'bad-manifest /version',
      'throws-at-import plugin.ts',
    ]);
    const manifests = plugins.map(({ manifest }) => manifest);
    const wanted = new Set(manifests.map(({ name }) => name));
    const { order, refused } = resolvePlugins({ manifests, wanted, engineVersion: '0.1.0' });
    expect(order).toEqual(['good']);
    expect([...refused].map(([name, [first]]) => `${name}: ${first?.reason}`)).toEqual([
      'cycle-one: its needs form a cycle: cycle-one -> cycle-two -> cycle-one',
      'cycle-two: its needs form a cycle: cycle-two -> cycle-one -> cycle-two',
    ]);
  });
});

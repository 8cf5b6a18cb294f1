import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { packFixture } from '../../host/test/pack-fixture.ts';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';

const patience = { timeout: 30_000, interval: 50 };

/** Makes a symbolic link point elsewhere in one step, as `ln -sfn` and Kubernetes do. */
async function point(link: string, target: string): Promise<void> {
  await symlink(target, `${link}.next`);
  await rename(`${link}.next`, link);
}

/** The entry file of a plugin without anything; the name may break it. */
function entry(name: string): string {
  return `export default { name: '${name}', version: '1.0.0', engine: '*', setup() {} };\n`;
}

describe('what lies under plugins.paths', { timeout: 120_000 }, () => {
  let folder: string;
  let mounted: string;
  let current: string;
  let lent: string;
  let running: TestAppliance;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orchestrall-plugin-folders-'));
    // As a ConfigMap is mounted: the file is a link through a link that is exchanged.
    mounted = join(folder, 'mounted');
    for (const version of ['1.0.0', '1.1.0']) {
      const release = join(mounted, `..${version}`);
      await mkdir(release, { recursive: true });
      await rename(
        await packFixture({ name: 'traffic', version, into: release }),
        join(release, 'traffic.orchplugin'),
      );
    }
    await symlink('..1.0.0', join(mounted, '..data'));
    await symlink(join('..data', 'traffic.orchplugin'), join(mounted, 'traffic.orchplugin'));
    // As releases are laid out: the path itself is a link that is exchanged.
    current = join(folder, 'current');
    for (const release of ['first', 'second'])
      await mkdir(join(folder, release, release), { recursive: true });
    await writeFile(join(folder, 'first', 'first', 'plugin.mjs'), entry('first-release'));
    await writeFile(join(folder, 'second', 'second', 'plugin.mjs'), entry('second-release'));
    await symlink('first', current);
    lent = join(folder, 'lent');
    await mkdir(lent);
    running = await createTestAppliance({
      configuration: {
        features: { traffic: true },
        plugins: { paths: [mounted, current, lent] },
      },
    });
  });

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function plugin(name: string): Promise<unknown> {
    return (await running.request('GET', `/api/v1/system/plugins/${name}`)).json();
  }

  /** Why the plugins degrade health; empty while they do not. */
  async function reason(): Promise<string> {
    const health = await running.request('GET', '/health');
    const { details } = (await health.json()) as { details: { name: string; reason: string | null }[] };
    return details.find(({ name }) => name === 'plugins')?.reason ?? '';
  }

  test('is followed when the link of a ConfigMap on the way to a packed file is exchanged', async () => {
    expect(await plugin('traffic')).toMatchObject({ state: 'active', version: '1.0.0' });
    await point(join(mounted, '..data'), '..1.1.0');
    await vi.waitFor(async () => {
      expect(await plugin('traffic')).toMatchObject({ state: 'active', version: '1.1.0' });
    }, patience);
  });

  test('is followed when the link that a path names is pointed elsewhere', async () => {
    expect(await plugin('first-release')).toMatchObject({ name: 'first-release' });
    await point(current, 'second');
    await vi.waitFor(async () => {
      expect(await plugin('second-release')).toMatchObject({ name: 'second-release' });
      expect(await plugin('first-release')).toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
    }, patience);
  });

  test('heals when a broken packed file is replaced by a whole one', async () => {
    const packed = join(mounted, 'http-routes.orchplugin');
    await writeFile(packed, 'no container');
    await vi.waitFor(async () => expect(await reason()).toContain(packed), patience);
    const built = await packFixture({ name: 'traffic', version: '1.2.0', into: folder });
    await rename(built, packed);
    await vi.waitFor(async () => {
      expect(await reason()).not.toContain(packed);
      expect(await plugin('traffic')).toMatchObject({ state: 'active', version: '1.2.0' });
    }, patience);
  });

  test('heals when the code of a source folder that could not be read is corrected in place', async () => {
    const broken = join(mounted, 'unread');
    await mkdir(broken);
    await writeFile(join(broken, 'plugin.mjs'), 'export default {{;\n');
    await vi.waitFor(async () => expect(await reason()).toContain(broken), patience);
    await writeFile(join(broken, 'plugin.mjs'), entry('unread'));
    await vi.waitFor(async () => expect(await plugin('unread')).toMatchObject({ name: 'unread' }), patience);
    expect(await reason()).not.toContain(broken);
  });

  test('heals when a folder that a path names is taken away and put back, and says meanwhile what is wrong', async () => {
    await rm(lent, { recursive: true });
    await vi.waitFor(async () => expect(await reason()).toContain(lent), patience);
    expect(await reason()).toContain('there is no such folder');
    expect(await reason()).not.toContain('ENOENT');
    await mkdir(lent);
    await vi.waitFor(async () => expect(await reason()).not.toContain(lent), patience);
    await mkdir(join(lent, 'guest'));
    await writeFile(join(lent, 'guest', 'plugin.mjs'), entry('guest'));
    await vi.waitFor(async () => expect(await plugin('guest')).toMatchObject({ name: 'guest' }), patience);
  });

  test('says to start again when a source folder has code that was read and is wrong, or comes under another name', async () => {
    const broken = join(mounted, 'misnamed');
    await mkdir(broken);
    await writeFile(join(broken, 'plugin.mjs'), entry('Mis Named'));
    await vi.waitFor(async () => expect(await reason()).toContain(broken), patience);
    expect(await reason()).toContain('start again');
    await writeFile(join(broken, 'plugin.mjs'), entry('well-named'));
    await running.appliance.host.allSettled();
    expect(await reason()).toContain(broken);
    await rename(broken, join(mounted, 'renamed'));
    await vi.waitFor(async () => {
      expect(await plugin('well-named')).toMatchObject({ name: 'well-named' });
      expect(await reason()).not.toContain('misnamed');
    }, patience);
  });
});

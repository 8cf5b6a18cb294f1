import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';

describe('something under plugins.paths that cannot be used', { timeout: 60_000 }, () => {
  let plugins: string;
  let running: TestAppliance;

  beforeAll(async () => {
    plugins = await mkdtemp(join(tmpdir(), 'orchestrall-broken-plugins-'));
    await writeFile(join(plugins, 'broken-1.0.0.orchplugin'), 'no container');
    running = await createTestAppliance({ configuration: { plugins: { paths: [plugins] } } });
  });

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await rm(plugins, { recursive: true, force: true });
  });

  async function reason(): Promise<string | null | undefined> {
    const health = await running.request('GET', '/health');
    expect(health.status).toBe(200);
    const { details } = (await health.json()) as { details: { name: string; reason: string | null }[] };
    return details.find(({ name }) => name === 'plugins')?.reason;
  }

  test('is named with its reason to the signed in, degrades health, and everything else serves', async () => {
    expect(await reason()).toContain(join(plugins, 'broken-1.0.0.orchplugin'));
    const anonymous = await running.request('GET', '/health', { role: null });
    const text = await anonymous.text();
    expect(JSON.parse(text)).toMatchObject({ status: 'degraded', components: { plugins: 'degraded' } });
    expect(text).not.toContain(plugins);
    expect((await running.request('GET', '/health/ready')).status).toBe(200);
    expect((await running.request('GET', '/api/v1/system/plugins')).status).toBe(200);
  });

  test('heals when it is removed, and a folder that breaks is seen while it runs', async () => {
    await rm(join(plugins, 'broken-1.0.0.orchplugin'));
    await vi.waitFor(async () => expect(await reason()).toBeNull(), { timeout: 30_000 });
    await mkdir(join(plugins, 'half'));
    await writeFile(join(plugins, 'half', 'plugin.ts'), 'export default { name: 1 };\n');
    await writeFile(join(plugins, 'touched'), '');
    await vi.waitFor(async () => expect(await reason()).toContain(join(plugins, 'half')), {
      timeout: 30_000,
    });
    await rm(join(plugins, 'half'), { recursive: true });
    await vi.waitFor(async () => expect(await reason()).toBeNull(), { timeout: 30_000 });
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAppliance } from '@orchestrall/core/testing';
import { build } from 'tsup';
import { expect, test } from 'vitest';
import { describeInBrowser, openBrowser } from '../../testing/browser.ts';

/** The client as a script for browsers, which makes it the global `orchestrall`. */
async function script(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'orchestrall-client-'));
  try {
    await build({
      config: false,
      silent: true,
      entry: { client: join(import.meta.dirname, '..', 'index.ts') },
      outDir,
      format: 'iife',
      platform: 'browser',
      globalName: 'orchestrall',
      minify: true,
      dts: false,
      noExternal: [/./u],
    });
    return await readFile(join(outDir, 'client.global.js'), 'utf8');
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}

describeInBrowser('the client in a browser', () => {
  test('reads, writes and throws there as it does in Node, and is small', async () => {
    const code = await script();
    expect(code.length).toBeLessThan(30_000);
    await using world = await createTestAppliance();
    await using page = await openBrowser();
    await page.goTo(`${world.url}/docs`);
    await expect.poll(() => page.evaluate('location.href'), { timeout: 30_000 }).toBe(`${world.url}/docs`);
    const token = JSON.stringify(await world.token('admin'));
    const seen = await page.evaluate(`(async () => {
      ${code}
      const api = orchestrall.createClient({ baseUrl: location.origin, token: ${token} });
      const body = { client_id: 'page', roles: ['viewer'] };
      const { data, status } = await api.post('/api/v1/system/clients', { body });
      const again = await api.post('/api/v1/system/clients', { body }).catch((error) => error);
      const ids = [];
      for await (const client of api.pages('/api/v1/system/clients', { params: { query: { limit: 1 } } })) {
        ids.push(client.client_id);
      }
      return [status, data.client.client_id, again instanceof orchestrall.ApiError, again.code, ids.includes('page')];
    })()`);
    expect(seen).toEqual([201, 'page', true, 'CLIENT_EXISTS', true]);
  });
});

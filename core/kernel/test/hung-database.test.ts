import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stopServer } from '../../database/test/stopped-server.ts';
import { startProduct, testFolder, unlimitedClient } from './process.ts';
import type { RunningAppliance, TestFolder } from './process.ts';

/** The documented bound is 5 s; a busy machine gets room. */
const boundMs = 15_000;
const rows = 2_000;

describe('an appliance whose PostgreSQL hangs', { timeout: 120_000 }, () => {
  let folder: TestFolder;
  let appliance: RunningAppliance;
  let hung: Disposable | undefined;

  beforeAll(async () => {
    folder = await testFolder();
    const config = await folder.write('client.yaml', unlimitedClient);
    appliance = await startProduct(join(folder.path, 'data'), ['--config', config]);
  });

  afterAll(async () => {
    hung?.[Symbol.dispose]();
    await appliance[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function serverPid(): Promise<number> {
    const file = await readFile(join(appliance.data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8');
    return Number(file.split('\n')[0]);
  }

  /** Status and body of an answer that comes within the bound. */
  async function answer(path: string, method = 'GET', body?: object) {
    const response = await fetch(`${appliance.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${await appliance.token()}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(boundMs),
    });
    const read = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body: read };
  }

  async function until(path: string, expected: object): Promise<void> {
    await vi.waitFor(async () => expect(await answer(path)).toMatchObject(expected), {
      timeout: 60_000,
      interval: 50,
    });
  }

  test('answers protected requests with 503 in time, is not ready and unhealthy, and still alive', async () => {
    await answer('/api/v1/crm/contacts', 'POST', { email: 'kept@example.com' });
    const lines = Array.from({ length: rows }, (_, row) => `${row}@import.example.com\n`);
    const sent = await appliance.request(
      'POST',
      '/api/v1/crm/imports?object=contacts&key=email',
      `email\n${lines.join('')}`,
      { 'content-type': 'text/csv' },
    );
    expect(sent.status).toBe(202);
    hung = await stopServer(await serverPid());
    const refused = await Promise.all([
      answer('/api/v1/crm/contacts'),
      answer('/api/v1/crm/contacts', 'POST', { email: 'refused@example.com' }),
      answer('/api/v1/system/events'),
    ]);
    for (const { status, headers, body } of refused) {
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
      expect(body['code']).toMatch(/^(?:IDENTITY|DATABASE)_UNAVAILABLE$/);
    }
    const ready = await fetch(`${appliance.url}/health/ready`, { signal: AbortSignal.timeout(boundMs) });
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'not ready', reason: expect.stringContaining('database') },
    ]);
    const health = await fetch(`${appliance.url}/health`, { signal: AbortSignal.timeout(boundMs) });
    expect([health.status, await health.json()]).toMatchObject([
      503,
      { status: 'unhealthy', components: { database: 'unhealthy' } },
    ]);
    expect((await fetch(`${appliance.url}/health/live`)).status).toBe(200);
  });

  test('is ready again by itself, with everything that was acknowledged', async () => {
    hung?.[Symbol.dispose]();
    await until('/health/ready', { status: 200, body: { status: 'ready' } });
    await until('/health', { status: 200, body: { components: { database: 'healthy' } } });
    await until('/api/v1/crm/contacts', { status: 200 });
    await until('/api/v1/crm/imports?limit=1', {
      body: { items: [{ status: 'completed', rows_total: rows, rows_created: rows, rows_updated: 0 }] },
    });
    const made = await answer('/api/v1/crm/contacts', 'POST', { email: 'kept@example.com' });
    expect(made.status).toBe(409);
    expect((await answer('/api/v1/crm/contacts', 'POST', { email: 'after@example.com' })).status).toBe(201);
    expect(appliance.child.exitCode).toBeNull();
  });

  test('ends in order at SIGTERM within the time for what is in flight, and loses nothing', async () => {
    hung = await stopServer(await serverPid());
    appliance.child.kill('SIGTERM');
    const limit = AbortSignal.timeout(30_000);
    const exit = await Promise.race([
      appliance.ended,
      once(limit, 'abort').then(() => 'still there after 30 s'),
    ]);
    expect(exit).toBe(0);
    hung[Symbol.dispose]();
    const log = await readFile(join(appliance.data, 'postgres', 'server.log'), 'utf8');
    expect(log).toContain('database system is shut down');
    expect(log).not.toContain('immediate shutdown');
  });
});

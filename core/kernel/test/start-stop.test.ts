import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLoad } from './load.ts';
import { ordinaryUser } from './ordinary-user.ts';
import { spawnProduct, startProduct, testFolder, unlimitedClient } from './process.ts';
import type { ProductProcess, RunningAppliance, TestFolder } from './process.ts';

const plugins = join(import.meta.dirname, 'fixtures', 'plugins');
const withWaiter = `${unlimitedClient}  waiter: true\nplugins: { paths: ["${plugins}"] }\n`;

/** Process number of the appliance's own PostgreSQL. */
async function serverPid(data: string): Promise<number> {
  const file = await readFile(join(data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8');
  return Number(file.split('\n')[0]);
}

/** Resolves once no process has this number any more. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await pause(20);
  }
}

/** Resolves once the process has written this. */
async function written(running: ProductProcess, text: string): Promise<void> {
  while (!running.output().includes(text)) {
    if (running.child.stdout === null) throw new TypeError('the output is not read');
    await once(running.child.stdout, 'data');
  }
}

describe('one appliance, started by npm from another folder', () => {
  let folder: TestFolder;
  let appliance: RunningAppliance;

  beforeAll(async () => {
    folder = await testFolder();
    appliance = await startProduct('data', [], { by: 'npm', folder: folder.path });
  });

  afterAll(async () => {
    await appliance[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test('is ready on loopback, with its data where the person stood, for its owner only', async () => {
    expect(appliance.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const ready = await fetch(`${appliance.url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
    const password = await stat(join(folder.path, 'data', 'first-password'));
    expect(password.mode & 0o777).toBe(0o600);
    expect(appliance.output()).not.toContain(
      await readFile(join(folder.path, 'data', 'first-password'), 'utf8'),
    );
  });

  test('npm run token prints a token of the role and nothing else', async () => {
    const asked = spawnProduct('token', ['--data', 'data', '--role', 'viewer'], {
      by: 'npm',
      folder: folder.path,
    });
    expect(await asked.ended).toBe(0);
    expect(asked.output()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(decodeJwt(asked.output().trim())).toMatchObject({ realm_access: { roles: ['viewer'] } });
  });

  test('npm run reset-password prints a new password and nothing else', async () => {
    const asked = spawnProduct('reset-password', ['--data', appliance.data], { by: 'npm' });
    expect(await asked.ended).toBe(0);
    expect(asked.output()).toMatch(/^\S{16,}\n$/);
    const { items } = (await (await appliance.request('GET', '/api/v1/system/events?limit=20')).json()) as {
      items: { type: string }[];
    };
    expect(items.map(({ type }) => type)).toContain('user.password_reset');
  });

  test('a second start on the same data folder is refused and names the process', async () => {
    const second = spawnProduct('start', ['--data', appliance.data, '--port', '0']);
    expect(await second.ended).toBe(1);
    expect(second.errors()).toContain(`is in use by the process ${appliance.pid}`);
    expect(second.errors()).toContain('--data');
    expect(second.errors()).not.toContain('    at ');
    expect((await appliance.request('GET', '/api/v1/crm/contacts')).status).toBe(200);
  });

  // Long enough for the repository to be copied.
  test('it runs for an ordinary user', { timeout: 240_000 }, async () => {
    await using own = await testFolder();
    const user = await ordinaryUser(own.path);
    await using other = await startProduct(join(own.path, 'data'), [], user);
    expect((await other.request('GET', '/api/v1/crm/contacts')).status).toBe(200);
    expect((await stat(join(own.path, 'data', 'appliance.key'))).uid).not.toBe(0);
  });

  test('another one runs beside it on other data and another port', async () => {
    await using other = await startProduct(join(folder.path, 'other'));
    expect(other.url).not.toBe(appliance.url);
    await other.request('POST', '/api/v1/crm/contacts', { email: 'ada@example.com' });
    const lists = [appliance, other].map(async (each) =>
      (await each.request('GET', '/api/v1/crm/contacts')).json(),
    );
    expect(await Promise.all(lists)).toMatchObject([
      { items: [] },
      { items: [{ email: 'ada@example.com' }] },
    ]);
    other.child.kill('SIGINT');
    expect(await other.ended).toBe(0);
  });

  test('a port that is taken ends the start with a clear sentence', async () => {
    const { port } = new URL(appliance.url);
    const second = spawnProduct('start', ['--data', join(folder.path, 'taken'), '--port', port]);
    expect(await second.ended).toBe(1);
    expect(second.errors()).toContain(`127.0.0.1:${port}`);
    expect(second.errors()).toContain('--port');
    expect(second.errors()).not.toContain('    at ');
    // It had made the administrator by then, and the next start makes no other.
    expect((await stat(join(folder.path, 'taken', 'first-password'))).size).toBeGreaterThan(16);
  });

  test('a wrong argument ends the start with the usage and 64', async () => {
    const wrong = spawnProduct('start', ['--dtaa', folder.path]);
    expect(await wrong.ended).toBe(64);
    expect(wrong.errors()).toContain('--dtaa');
    expect(wrong.errors()).toContain('Usage: npm start');
  });

  test('SIGTERM to npm ends it with 0 and leaves no process; then a token is refused with 69', async () => {
    const server = await serverPid(appliance.data);
    appliance.child.kill('SIGTERM');
    expect(await appliance.ended).toBe(0);
    await gone(appliance.pid);
    await gone(server);
    const asked = spawnProduct('token', ['--data', appliance.data], { by: 'npm' });
    expect(await asked.ended).toBe(69);
    expect(asked.output()).toBe('');
    expect(asked.errors()).toContain('No appliance runs on the data folder');
  });
});

const waits = (appliance: RunningAppliance, ms: number): string =>
  `${appliance.url}/api/v1/waiter/waits?ms=${ms}`;

/** Sends a request of that length and resolves, with its answer to come, once it is being worked on. */
async function inFlight(appliance: RunningAppliance, ms: number): Promise<{ answer: Promise<unknown> }> {
  const answer = fetch(waits(appliance, ms)).then(
    async (response) => response.json(),
    (error: unknown) => error,
  );
  const longest = async (): Promise<unknown> =>
    (await fetch(`${appliance.url}/api/v1/waiter/longest`)).json();
  while (JSON.stringify(await longest()) !== JSON.stringify({ ms })) await pause(20);
  return { answer };
}

describe('stopping', () => {
  let folder: TestFolder;
  let config: string;

  beforeAll(async () => {
    folder = await testFolder();
    config = await folder.write('client.yaml', withWaiter);
  });

  afterAll(async () => folder[Symbol.asyncDispose]());

  test('under load every request is answered, and what is in flight finishes', async () => {
    await using appliance = await startProduct(join(folder.path, 'loaded'), ['--config', config]);
    const load = startLoad(waits(appliance, 2), 12);
    await load.running;
    const slow = await inFlight(appliance, 2000);
    appliance.child.kill('SIGTERM');
    expect(await slow.answer).toEqual({ waited_ms: 2000 });
    expect(new Set(await load.endings)).toEqual(new Set(['503 SHUTTING_DOWN']));
    expect(await appliance.ended).toBe(0);
  });

  test('while it drains it is alive and not ready', async () => {
    await using appliance = await startProduct(join(folder.path, 'loaded'), ['--config', config]);
    const slow = await inFlight(appliance, 5000);
    appliance.child.kill('SIGTERM');
    await written(appliance, '"message":"stopping"');
    const asked = ['live', 'live?of=pod', 'ready'].map(async (what) =>
      fetch(`${appliance.url}/health/${what}`),
    );
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 503]);
    expect(await slow.answer).toEqual({ waited_ms: 5000 });
    expect(await appliance.ended).toBe(0);
  });

  test('with nothing slow in flight no request is dropped either', async () => {
    await using appliance = await startProduct(join(folder.path, 'loaded'), ['--config', config]);
    const load = startLoad(waits(appliance, 0), 24);
    await load.running;
    appliance.child.kill('SIGTERM');
    expect(new Set(await load.endings)).toEqual(new Set(['503 SHUTTING_DOWN']));
    expect(await appliance.ended).toBe(0);
    await expect(fetch(appliance.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  test('a second signal ends it at once, whatever is in flight, and PostgreSQL with it', async () => {
    await using appliance = await startProduct(join(folder.path, 'loaded'), ['--config', config]);
    const server = await serverPid(appliance.data);
    const cut = await inFlight(appliance, 20_000);
    appliance.child.kill('SIGTERM');
    await written(appliance, '"message":"stopping"');
    appliance.child.kill('SIGTERM');
    expect(await appliance.ended).toBe(143);
    expect(await cut.answer).toBeInstanceOf(Error);
    await gone(server);
  });

  test('Ctrl-C, which npm and the appliance both get and npm passes on, is one signal', async () => {
    await using appliance = await startProduct(join(folder.path, 'loaded'), ['--config', config], {
      by: 'npm',
      grouped: true,
    });
    const slow = await inFlight(appliance, 1500);
    process.kill(-(appliance.child.pid ?? 0), 'SIGINT');
    expect(await slow.answer).toEqual({ waited_ms: 1500 });
    await appliance.ended;
    await gone(appliance.pid);
    expect(appliance.output()).toContain('"message":"stopped"');
  });

  test('a signal during the start ends it in order', async () => {
    const data = join(folder.path, 'interrupted');
    const starting = spawnProduct('start', ['--data', data, '--port', '0']);
    while ((await serverPid(data).catch(() => 0)) === 0) await pause(5);
    const server = await serverPid(data);
    starting.child.kill('SIGTERM');
    expect(await starting.ended).toBe(0);
    await gone(server);
  });
});

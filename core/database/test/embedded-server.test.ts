import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEmbeddedServer } from '../embedded/server.ts';
import type { EmbeddedServer } from '../embedded/server.ts';
import type { ServerExit } from '../embedded/server-process.ts';
import { identify, isRunning } from '../embedded/process-identity.ts';
import { createDatabase } from '../engine.ts';
import type { DatabaseEngine } from '../engine.ts';
import { readAppliance, spawnAppliance } from './appliance-process.ts';
import { stopServer } from './stopped-server.ts';

const silent = { warn: () => undefined, error: () => undefined };
const isRoot = process.getuid?.() === 0;

describe('the embedded server', () => {
  let parent: string;
  let folder: string;
  const open: AsyncDisposable[] = [];

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'orchestrall-embedded-'));
    await chmod(parent, 0o755);
    folder = join(parent, 'data');
  });
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
    await rm(parent, { recursive: true, force: true });
  });

  const start = async (
    options: { onUnexpectedExit?: (exit: ServerExit) => void } = {},
  ): Promise<EmbeddedServer> => {
    const server = await startEmbeddedServer({ folder, ...options });
    open.push(server);
    return server;
  };
  const connect = async (server: EmbeddedServer): Promise<DatabaseEngine> => {
    const engine = await createDatabase({ connection: server.connection, log: silent });
    open.push(engine);
    return engine;
  };
  test('starts durable, on a socket only, with a password that its owner alone can read, and never as root', async () => {
    const server = await start();
    const engine = await connect(server);
    expect(await setting(engine, 'fsync')).toBe('on');
    expect(await setting(engine, 'synchronous_commit')).toBe('on');
    expect(await setting(engine, 'full_page_writes')).toBe('on');
    expect(await setting(engine, 'listen_addresses')).toBe('');
    expect((await stat(join(folder, 'password'))).mode & 0o777).toBe(0o600);
    const status = await readFile(`/proc/${server.pid()}/status`, 'utf8');
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe('0');
    await expect(
      createDatabase({ connection: { ...server.connection, password: 'wrong' }, log: silent }),
    ).rejects.toThrow();
  });

  test('a second start on the folder is refused, naming the process that runs', async () => {
    await start();
    await expect(startEmbeddedServer({ folder })).rejects.toMatchObject({
      code: 'DATA_FOLDER_IN_USE',
      message: expect.stringContaining(String(process.pid)),
    });
  });

  test('a clean stop keeps everything and frees the folder for the next start', async () => {
    const first = await start();
    const engine = await connect(first);
    await engine.core().query('CREATE TABLE kept AS SELECT 1 AS one');
    await engine.close();
    await first.stop();
    expect(identify(first.pid())).toBeUndefined();
    const second = await connect(await start());
    expect(await second.core().query('SELECT * FROM kept')).toEqual([{ one: 1 }]);
  });

  test('a server that hangs as a whole is woken, and stopped as cleanly as every other', async () => {
    const server = await start();
    const hanging = await stopServer(server.pid());
    try {
      await server[Symbol.asyncDispose]();
    } finally {
      hanging[Symbol.dispose]();
    }
    const log = await readFile(join(folder, 'server.log'), 'utf8');
    expect(log).toContain('database system is shut down');
    expect(log).not.toContain('immediate shutdown');
  });

  test('works in a folder that other users cannot enter', async () => {
    const closed = join(parent, 'closed');
    await mkdir(closed, { mode: 0o700 });
    folder = join(closed, 'data');
    const engine = await connect(await start());
    expect(await engine.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('works in a folder whose path is longer than the path of a socket may be', async () => {
    folder = join(parent, 'a'.repeat(120), 'data');
    const engine = await connect(await start());
    expect(await engine.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('an unexpected end is reported, a restart recovers, and the pool reconnects by itself', async () => {
    const ended = Promise.withResolvers<ServerExit>();
    const server = await start({ onUnexpectedExit: ended.resolve });
    const engine = await connect(server);
    await engine.core().query('CREATE TABLE kept AS SELECT 1 AS one');
    const heard = Promise.withResolvers<string>();
    const back = Promise.withResolvers<void>();
    open.push(await engine.listen('news', heard.resolve, { onReconnect: back.resolve }));
    process.kill(server.pid(), 'SIGKILL');
    expect(await ended.promise).toMatchObject({ signal: 'SIGKILL' });
    await expect(engine.core().query('SELECT 1')).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      status: 503,
    });
    await server.restart();
    expect(await engine.core().query('SELECT * FROM kept')).toEqual([{ one: 1 }]);
    await back.promise;
    await engine.core().query("SELECT pg_notify('news', 'again')");
    expect(await heard.promise).toBe('again');
  });

  test('restart() tries until the cause of its failure is gone, and tells each failure', async () => {
    const ended = Promise.withResolvers<ServerExit>();
    const server = await start({ onUnexpectedExit: ended.resolve });
    const engine = await connect(server);
    process.kill(server.pid(), 'SIGKILL');
    await ended.promise;
    const control = join(folder, 'cluster', 'global', 'pg_control');
    await rename(control, `${control}.away`);
    const failures: unknown[] = [];
    await server.restart((error) => {
      failures.push(error);
      void rename(`${control}.away`, control);
    });
    expect(failures).toEqual([expect.objectContaining({ code: 'EMBEDDED_POSTGRES_FAILED' })]);
    expect(await engine.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test.each([
    ['with a death signal', process.env['PATH'] ?? ''],
    ['without setpriv, where PostgreSQL stays', '/nowhere'],
  ])('kill -9 of the appliance loses nothing committed (%s)', async (_title, path) => {
    const committed: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const child = spawnAppliance(folder, path);
      const { serverPid, numbers } = await readAppliance(child, 200);
      const before = identify(serverPid);
      expect(before).toBeDefined();
      child.kill('SIGKILL');
      await once(child, 'close');
      committed.push(...numbers());
      const engine = await connect(await start());
      if (before !== undefined) expect(isRunning(before)).toBe(false);
      const rows = await engine.core().query<{ number: number }>('SELECT number FROM written');
      const found = new Set(rows.map((row) => row.number));
      expect(committed.filter((number) => !found.has(number))).toEqual([]);
      for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
    }
    expect(committed.length).toBeGreaterThanOrEqual(600);
  });

  test('a start killed while it makes the cluster is begun again by the next', async () => {
    const child = spawnAppliance(folder, process.env['PATH'] ?? '');
    await waitFor(async () => (await readFolder(folder)).some((name) => name.startsWith('making-')));
    child.kill('SIGKILL');
    await once(child, 'close');
    const engine = await connect(await start());
    expect(await engine.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await readFolder(folder)).filter((name) => name.startsWith('making-'))).toEqual([]);
  });

  test('a pid file that names a living stranger is no obstacle and the stranger is left alone', async () => {
    const first = await start();
    await first.stop();
    const stranger = spawn('sleep', ['600'], isRoot ? { uid: 65_534, gid: 65_534 } : {});
    await once(stranger, 'spawn');
    try {
      await writeFile(
        join(folder, 'cluster', 'postmaster.pid'),
        `${stranger.pid}\n${folder}/cluster\n1\n5432\n\n\n`,
      );
      const engine = await connect(await start());
      expect(await engine.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    } finally {
      stranger.kill();
    }
  });

  test('data written by another major version are told and stay untouched', async () => {
    await (await start()).stop();
    await writeFile(join(folder, 'cluster', 'PG_VERSION'), '17\n');
    await expect(startEmbeddedServer({ folder })).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringContaining('PostgreSQL 17'),
    });
  });

  test('a lost password file is told with its remedy and the data stay untouched', async () => {
    await (await start()).stop();
    await rm(join(folder, 'password'));
    await expect(startEmbeddedServer({ folder })).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringContaining(join(folder, 'password')),
    });
  });
});

async function setting(engine: DatabaseEngine, name: string): Promise<unknown> {
  const [row] = await engine.core().query<{ value: string }>('SELECT current_setting($1) AS value', [name]);
  return row?.value;
}

async function readFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

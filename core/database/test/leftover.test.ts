import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serverAccount } from '../embedded/account.ts';
import { locateBinaries } from '../embedded/binaries.ts';
import { administrator } from '../embedded/cluster.ts';
import { identify, isRunning, processesWorkingIn, stateOf } from '../embedded/process-identity.ts';
import type { ProcessIdentity } from '../embedded/process-identity.ts';
import { startEmbeddedServer } from '../embedded/server.ts';
import type { EmbeddedServer } from '../embedded/server.ts';
import { readAppliance, spawnAppliance } from './appliance-process.ts';
import { stopServer } from './stopped-server.ts';

interface Told {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

describe('what a killed appliance left behind', { timeout: 180_000 }, () => {
  let parent: string;
  let folder: string;
  const told: Told[] = [];
  const children: ChildProcess[] = [];
  const servers: EmbeddedServer[] = [];
  const tell = (fields: object, message: string): void => {
    told.push({ fields: { ...fields }, message });
  };
  const log = { info: tell, warn: tell };

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'orchestrall-leftover-'));
    await chmod(parent, 0o755);
    folder = join(parent, 'data');
  });
  afterEach(async () => {
    for (const each of servers.splice(0)) await each.stop();
    for (const each of postgresOn(folder)) process.kill(each.pid, 'SIGKILL');
    for (const each of children.splice(0)) {
      const ended = each.exitCode === null && each.signalCode === null ? once(each, 'exit') : undefined;
      each.kill('SIGKILL');
      await ended;
    }
    told.length = 0;
    await rm(parent, { recursive: true, force: true, maxRetries: 20 });
  });

  const start = async (): Promise<EmbeddedServer> => {
    const server = await startEmbeddedServer({ folder, log });
    servers.push(server);
    return server;
  };
  const signals = (): unknown[] => told.flatMap(({ fields }) => fields['signal'] ?? []);
  /** A cluster with one committed row, and a server on it whose parent never asks how it ended. */
  const leaveServer = async (parameters: readonly string[] = []): Promise<number> => {
    const first = await startEmbeddedServer({ folder });
    const client = await connect(first);
    await client.query('CREATE TABLE kept AS SELECT 1 AS one');
    await client.end();
    await first.stop();
    const account = serverAccount();
    const { postgres } = await locateBinaries(account, folder);
    const cluster = join(folder, 'cluster');
    const shell = spawn('sh', ['-c', '"$0" -D "$@" & exec sleep 600', postgres, cluster, ...parameters], {
      stdio: 'ignore',
      cwd: '/',
      ...account,
    });
    children.push(shell);
    await once(shell, 'spawn');
    return readyServer(cluster);
  };
  const leaveKilledServer = async (): Promise<number> => {
    const postmaster = await leaveServer();
    process.kill(postmaster, 'SIGKILL');
    // One that is just ending shows its folder no more, and is no zombie yet.
    while (postgresOn(folder).length > 0 || identify(postmaster) !== undefined) await pause(10);
    return postmaster;
  };

  test('a killed server that its parent has not reaped is no obstacle', async () => {
    const postmaster = await leaveKilledServer();
    expect(await readFile(`/proc/${postmaster}/stat`, 'utf8')).toContain(') Z ');
    await expectKept(await start());
  });

  test('a server stopped with all its processes is continued and ends orderly', async () => {
    const postmaster = await leaveServer();
    using _ = await stopServer(postmaster);
    await expectKept(await start());
    expect(identify(postmaster)).toBeUndefined();
    expect(signals()).toEqual(['SIGINT']);
    expect(told[0]?.fields).toMatchObject({
      processes: expect.arrayContaining([{ pid: postmaster, state: 'stopped' }]),
      longest_wait_ms: 10_000,
    });
    expect(told.at(-1)?.message).toBe('what an earlier start left running has ended');
  });

  test('kill -9 of the appliance with a stopped server loses nothing committed', async () => {
    const child = spawnAppliance(folder, process.env['PATH'] ?? '');
    children.push(child);
    const { serverPid, numbers } = await readAppliance(child, 50);
    process.kill(serverPid, 'SIGSTOP');
    child.kill('SIGKILL');
    await once(child, 'close');
    const client = await connect(await start());
    const { rows } = await client.query<{ number: string }>('SELECT number FROM core.written');
    await client.end();
    const found = new Set(rows.map((row) => Number(row.number)));
    expect(numbers().filter((number) => !found.has(number))).toEqual([]);
    expect(signals()).toEqual(['SIGINT']);
  });

  test('stopped processes of a killed server are ended before the next server starts', async () => {
    const postmaster = await leaveServer();
    using _ = await stopServer(postmaster);
    process.kill(postmaster, 'SIGKILL');
    expect(postgresOn(folder).length).toBeGreaterThan(0);
    await expectKept(await start());
    expect(signals()).toEqual(['SIGQUIT']);
  });

  test('a busy process of a killed server, which holds its memory, is ended before the next starts', async () => {
    const postmaster = await leaveServer();
    const password = (await readFile(join(folder, 'password'), 'utf8')).trim();
    const client = new Client({
      host: join(folder, 'socket'),
      database: 'orchestrall',
      user: administrator,
      password,
    });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const backend = identify(rows[0]?.pid ?? 0);
    if (backend === undefined) throw new Error('the backend runs');
    // It never ends by itself: the connection is lost with the server that is killed below.
    const endless = client.query('DO $$ BEGIN LOOP END LOOP; END $$').catch(() => undefined);
    while (stateOf(backend.pid) !== 'running') await pause(10);
    process.kill(postmaster, 'SIGKILL');
    while (postgresOn(folder).length > 1) await pause(10);
    await expectKept(await start());
    expect(isRunning(backend)).toBe(false);
    expect(signals()).toEqual(['SIGQUIT']);
    await endless;
  });

  test('a server that hangs in its fast stop is told to stop immediately, and nothing is lost', async () => {
    // At a fast stop the last of the log is archived.
    const postmaster = await leaveServer(['-c', 'archive_mode=on', '-c', 'archive_command=sleep 600']);
    await expectKept(await start());
    expect(identify(postmaster)).toBeUndefined();
    expect(signals()).toEqual(['SIGINT', 'SIGQUIT']);
  });

  test('a stranger at work in the folder of the data files is left alone', async () => {
    await leaveKilledServer();
    const stranger = spawn('sleep', ['600'], { cwd: join(folder, 'cluster'), stdio: 'ignore' });
    children.push(stranger);
    await once(stranger, 'spawn');
    await expectKept(await start());
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    expect(told).toEqual([]);
  });

  test('a pid file that a killed server had not written yet is no obstacle', async () => {
    await leaveKilledServer();
    await writeFile(join(folder, 'cluster', 'postmaster.pid'), '');
    await expectKept(await start());
  });
});

async function connect(server: EmbeddedServer): Promise<Client> {
  const client = new Client({ ...server.connection });
  // Its server is killed on purpose.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function expectKept(server: EmbeddedServer): Promise<void> {
  const client = await connect(server);
  const { rows } = await client.query('SELECT one FROM kept');
  await client.end();
  expect(rows).toEqual([{ one: 1 }]);
}

/** Number of the server on a cluster, as soon as it takes connections. */
async function readyServer(cluster: string): Promise<number> {
  for (;;) {
    const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
    const lines = text.split('\n');
    if (lines[7]?.trim() === 'ready') return Number(lines[0]);
    await pause(10);
  }
}

function postgresOn(folder: string): ProcessIdentity[] {
  return processesWorkingIn(join(folder, 'cluster'), 'postgres');
}

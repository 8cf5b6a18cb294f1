import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CommandStreams } from '../../command-line.ts';
import { run as resetPassword } from '../commands/reset-password.ts';
import { run as token } from '../commands/token.ts';
import { startControl } from '../control.ts';
import { currentScope } from '../../telemetry/scope.ts';
import { startTestAppliance } from './appliance.ts';
import type { Replica, TestAppliance } from './appliance.ts';

let appliance: TestAppliance;
let replica: Replica;
let root: string;

beforeAll(async () => {
  appliance = await startTestAppliance();
  replica = await appliance.start();
  root = await mkdtemp(path.join(tmpdir(), 'orch-control-'));
});

afterAll(async () => {
  await replica[Symbol.asyncDispose]();
  await appliance[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

async function newFolder(name: string): Promise<string> {
  const folder = path.join(root, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const open = (folder: string): ReturnType<typeof startControl> =>
  startControl({ folder, auth: replica.auth, log });

async function opened(folder: string): Promise<void> {
  const control = await open(folder);
  onTestFinished(() => control[Symbol.asyncDispose]());
}

function streams(): CommandStreams & { readonly printed: string[]; readonly errors: string[] } {
  const printed: string[] = [];
  const errors: string[] = [];
  return {
    printed,
    errors,
    out: (text) => void printed.push(text),
    error: (text) => void errors.push(text),
    callingFolder: root,
  };
}

describe('token', () => {
  it('prints a valid token and nothing else, as admin by default, in the folder that is named', async () => {
    await opened(await newFolder('plain'));
    const at = streams();
    expect(await token(['--data', 'plain'], at)).toBe(0);
    expect(at.errors).toEqual([]);
    expect(at.printed.join('')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(await replica.auth.verify(at.printed.join('').trim())).toMatchObject({
      kind: 'service',
      name: 'orchestrall-local',
      roles: ['admin'],
    });
    expect(appliance.events.at(-1)).toMatchObject({ type: 'local_token.issued', data: { role: 'admin' } });
  });

  it.each(['admin', 'operator', 'viewer', 'system'])('gives the role %s', async (role) => {
    await opened(await newFolder('roles'));
    const at = streams();
    expect(await token(['--data', path.join(root, 'roles'), '--role', role], at)).toBe(0);
    expect((await replica.auth.verify(at.printed.join('').trim())).roles).toEqual([role]);
  });

  it('says on stderr that none runs, prints nothing and exits with 69', async () => {
    const leftover = await newFolder('leftover');
    await writeFile(path.join(leftover, 'control.sock'), '');
    for (const folder of ['nothing-here', leftover]) {
      const at = streams();
      expect(await token(['--data', folder], at)).toBe(69);
      expect(at.printed).toEqual([]);
      expect(at.errors.join('')).toMatch(/^No appliance runs on the data folder .*npm start/);
    }
  });

  it('names a wrong role and a wrong argument and exits with 64', async () => {
    for (const args of [['--role', 'root'], ['--rolle', 'admin'], ['admin']]) {
      const at = streams();
      expect(await token(args, at)).toBe(64);
      expect(at.printed).toEqual([]);
      expect(at.errors.join('').length).toBeGreaterThan(10);
    }
  });
});

describe('reset-password', () => {
  it('prints a new password that signs in, attributed to local administration', async () => {
    await opened(await newFolder('reset'));
    const at = streams();
    expect(await resetPassword(['--data', 'reset'], at)).toBe(0);
    const password = at.printed.join('').trim();
    expect(await replica.auth.users.authenticate('admin', password)).toMatchObject({ name: 'admin' });
    expect(appliance.entries.at(-1)).toMatchObject({ action: 'user.password_reset', subjectType: 'user' });
  });

  it('names a user that nobody has', async () => {
    await opened(await newFolder('reset'));
    const at = streams();
    expect(await resetPassword(['--data', 'reset', '--user', 'nobody'], at)).toBe(1);
    expect(at.errors.join('')).toContain('No user has the id or name nobody.');
  });
});

describe('startControl()', () => {
  it('opens the socket for its owner only, and removes it at the end', async () => {
    const folder = await newFolder('rights');
    const control = await open(folder);
    const { mode } = await stat(path.join(folder, 'control.sock'));
    expect(mode & 0o777).toBe(0o600);
    await control[Symbol.asyncDispose]();
    await expect(stat(path.join(folder, 'control.sock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('works in a folder whose path is longer than a socket may have', async () => {
    const folder = await newFolder(`${'long-'.repeat(20)}/${'longer-'.repeat(20)}`);
    await opened(folder);
    const at = streams();
    expect(await token(['--data', folder], at)).toBe(0);
    expect((await stat(path.join(folder, 'control.sock'))).isSocket()).toBe(true);
  });

  it('refuses a folder where another answers, and replaces what a killed one left', async () => {
    const folder = await newFolder('twice');
    const first = await open(folder);
    await expect(open(folder)).rejects.toMatchObject({ code: 'CONTROL_IN_USE' });
    await first[Symbol.asyncDispose]();
    const own = path.join(folder, 'control.sock');
    const killed = createServer();
    await new Promise<void>((resolve) => killed.listen(own, resolve));
    // Closing would remove the socket, which a kill does not.
    await rename(own, `${own}.aside`);
    await new Promise((resolve) => killed.close(resolve));
    await rename(`${own}.aside`, own);
    const at = streams();
    expect(await token(['--data', folder], at)).toBe(69);
    await opened(folder);
    expect(await token(['--data', folder], streams())).toBe(0);
  });

  it('runs what is asked as local administration', async () => {
    const names: (string | undefined)[] = [];
    const issueLocalToken = (): Promise<string> => {
      names.push(currentScope().caller?.name);
      return Promise.resolve('a.b.c');
    };
    const folder = await newFolder('scope');
    const control = await startControl({
      folder,
      auth: { issueLocalToken, users: replica.auth.users },
      log,
    });
    onTestFinished(() => control[Symbol.asyncDispose]());
    expect(await token(['--data', folder], streams())).toBe(0);
    expect(names).toEqual(['local administration']);
  });
});

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { databaseError } from '../errors.ts';
import { accountHasName, giveTo } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { Layout } from './layout.ts';
import { remedyFor } from './remedy.ts';
import { spawnServerProgram } from './spawn.ts';

/** Name of the embedded server's superuser. */
export const administrator = 'orchestrall_admin';

/**
 * Makes the cluster on the first start and returns the administrator's password.
 * The password is generated once and kept in the file `password` (mode 0600) of the data folder. A cluster
 * appears under its name only when complete, so that a start killed half-way is simply begun again.
 */
export async function ensureCluster(
  layout: Layout,
  binaries: Binaries,
  durable: boolean,
): Promise<{ password: string }> {
  const passwordFile = join(layout.folder, 'password');
  if (existsSync(layout.cluster)) {
    if (!existsSync(passwordFile)) throw passwordLost(passwordFile);
    await checkVersion(layout.cluster, binaries.major);
    return { password: (await readFile(passwordFile, 'utf8')).trim() };
  }
  const password = randomBytes(24).toString('base64url');
  await writeDurably(passwordFile, `${password}\n`);
  await initialise(layout, binaries, password, durable);
  return { password };
}

async function initialise(
  layout: Layout,
  binaries: Binaries,
  password: string,
  durable: boolean,
): Promise<void> {
  if (!accountHasName(layout.account)) {
    throw databaseError('EMBEDDED_POSTGRES_FAILED', {
      reason: `the user id ${process.getuid?.() ?? ''} has no name on this system.`,
      hint: 'Add an entry for it to /etc/passwd, run as another user, or set `database.url`.',
    });
  }
  for (const name of await readdir(layout.folder)) {
    // Where there is no death signal, the initdb of a killed start may still be writing there.
    if (name.startsWith('making-')) {
      await rm(join(layout.folder, name), { recursive: true, force: true, maxRetries: 20 });
    }
  }
  const name = `making-${randomBytes(6).toString('hex')}`;
  const making = join(layout.folder, name);
  const makingForServer = join(dirname(layout.clusterForServer), name);
  await mkdir(making, { mode: 0o700 });
  const secret = join(making, 'password');
  const output = await open(join(layout.folder, 'initdb.log'), 'w', 0o600);
  try {
    await giveTo(layout.account, making);
    await writeFile(secret, password, { mode: 0o600 });
    await giveTo(layout.account, secret);
    const child = spawnServerProgram(
      layout,
      binaries.initdb,
      [
        `--pgdata=${join(makingForServer, 'cluster')}`,
        `--pwfile=${join(makingForServer, 'password')}`,
        `--username=${administrator}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        ...localeParameters(binaries.major),
        ...(durable ? [] : ['--no-sync']),
      ],
      output.fd,
    );
    const [code]: unknown[] = await once(child, 'exit');
    if (code !== 0) {
      const log = join(layout.folder, 'initdb.log');
      const said = await lastLines(log);
      throw databaseError('EMBEDDED_POSTGRES_FAILED', { reason: said, hint: remedyFor(said, log) });
    }
    await rename(join(making, 'cluster'), layout.cluster);
    if (durable) await syncFolder(layout.folder);
  } finally {
    await output.close();
    await rm(making, { recursive: true, force: true });
  }
  await rm(join(layout.folder, 'initdb.log'), { force: true });
}

/** Order by code point, the same on every system; the built-in provider needs no locale of the system. */
function localeParameters(major: number): readonly string[] {
  return major >= 17
    ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    : ['--locale=C.UTF-8'];
}

async function checkVersion(cluster: string, major: number): Promise<void> {
  const version = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  if (version === String(major)) return;
  throw databaseError('EMBEDDED_POSTGRES_FAILED', {
    reason: `its data were written by PostgreSQL ${version}, and this is ${major}.`,
    hint: 'Start the version of the appliance that wrote them, or restore a backup into a new data folder.',
  });
}

function passwordLost(file: string): Error {
  return databaseError('EMBEDDED_POSTGRES_FAILED', {
    reason: `the file ${file} with its password is gone.`,
    hint: 'Restore that file from a backup of the data folder.',
  });
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The end of a log as one line for an error message; only what stands at or behind the byte `from`, default 0. */
export async function lastLines(file: string, from = 0): Promise<string> {
  const content = await readFile(file).catch(() => Buffer.alloc(0));
  const lines = content
    .toString('utf8', from)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.slice(-4).join(' | ').slice(-800) || 'it said nothing.';
}

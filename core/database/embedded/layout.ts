import { chmod, mkdir, mkdtemp, open, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseError } from '../errors.ts';
import { giveTo, mayEnter } from './account.ts';
import type { Account } from './account.ts';

/** Longest path of a socket on Linux is 107 bytes; macOS allows 103. */
const longestSocketPath = 103;

/** Where things lie inside one data folder, as this process and as the server see them. */
export interface Layout {
  readonly account: Account | undefined;
  /** The folder's real path. */
  readonly folder: string;
  readonly cluster: string;
  /** The same as the server's account reaches it. */
  readonly clusterForServer: string;
  readonly socketFolder: string;
  /** Where programs are copied to when they cannot be run from the checkout. */
  readonly programFolder: string;
  /** Open folder to hand to the server as descriptor 3; undefined when it can walk there itself. */
  readonly handle: FileHandle | undefined;
  close(): Promise<void>;
}

/**
 * Prepares the folder, which is there and given by its real path.
 *
 * When the server's account cannot pass through the folders above (a root home of mode 0700), it gets the
 * folder as an open descriptor and reaches it through `/proc/self/fd/3`, so that no mode above has to change.
 * Sockets and programs, whose paths are resolved from the root, then lie in a private temporary folder, as
 * does the socket when its path would be too long.
 */
export async function prepareLayout(folder: string, account: Account | undefined): Promise<Layout> {
  // The account must pass through to its cluster; everything else inside is closed by its own mode.
  if (account !== undefined) await chmod(folder, 0o711);
  await removeLastTemporary(folder);

  const reachable = await mayEnter(account, folder);
  if (!reachable && process.platform !== 'linux') {
    throw databaseError('EMBEDDED_POSTGRES_FAILED', {
      reason: `the user it runs as cannot enter ${folder}.`,
      hint: 'Start as an ordinary user, or choose a data folder outside your home with --data.',
    });
  }
  const handle = reachable ? undefined : await open(folder, 'r');
  const inside = join(folder, 'socket');
  const fits = Buffer.byteLength(join(inside, '.s.PGSQL.65535.lock')) <= longestSocketPath;
  const temporary = reachable && fits ? undefined : await makeTemporary(folder, account);
  const socketFolder = temporary ?? inside;
  await mkdir(socketFolder, { recursive: true, mode: 0o700 });
  await giveTo(account, socketFolder);
  return {
    account,
    folder,
    cluster: join(folder, 'cluster'),
    clusterForServer: handle === undefined ? join(folder, 'cluster') : '/proc/self/fd/3/cluster',
    socketFolder,
    programFolder: reachable || temporary === undefined ? folder : temporary,
    handle,
    close: async () => {
      await handle?.close();
      if (temporary === undefined) return;
      await rm(temporary, { recursive: true, force: true });
      await rm(join(folder, 'temporary'), { force: true });
    },
  };
}

/** Makes a private folder and notes its name, so that the next start can remove it if this one is killed. */
async function makeTemporary(folder: string, account: Account | undefined): Promise<string> {
  const temporary = await mkdtemp(join(await realpath(tmpdir()), 'orchestrall-'));
  await giveTo(account, temporary);
  await writeFile(join(folder, 'temporary'), temporary, { mode: 0o600 });
  return temporary;
}

async function removeLastTemporary(folder: string): Promise<void> {
  const note = join(folder, 'temporary');
  let last: string;
  try {
    last = await readFile(note, 'utf8');
  } catch {
    return;
  }
  // Only a folder that has our own pattern is removed, whatever the note may say.
  if (/^\/.*\/orchestrall-[A-Za-z0-9]{6}$/.test(last) && !last.includes('/../')) {
    await rm(last, { recursive: true, force: true });
  }
  await rm(note, { force: true });
}

import { readFileSync, existsSync } from 'node:fs';
import { chown, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { userInfo } from 'node:os';

/** The user PostgreSQL runs as when this process is root, which PostgreSQL refuses to run as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` when this process is root, otherwise undefined: PostgreSQL runs as the same user. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entry = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .map((line) => line.split(':'))
        .find((fields) => fields[0] === 'nobody')
    : undefined;
  const uid = Number(entry?.[2] ?? 65_534);
  const gid = Number(entry?.[3] ?? 65_534);
  return { uid, gid };
}

/** Whether the system knows a name for the user that `initdb` will run as; it refuses to run without. */
export function accountHasName(account: Account | undefined): boolean {
  if (account !== undefined) return true;
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** Gives a file or folder to the server's account; nothing to do when it is this process's own. */
export async function giveTo(account: Account | undefined, path: string): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid);
}

/** Whether the account may pass through a folder and all above it, by their modes. */
export async function mayEnter(account: Account | undefined, folder: string): Promise<boolean> {
  if (account === undefined) return true;
  const { mode, uid, gid } = await stat(folder);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  if ((mode & bit) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || mayEnter(account, parent);
}

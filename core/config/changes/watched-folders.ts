import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, parse, sep } from 'node:path';

/** Folders to watch, each with the names in it whose change may change a watched file, or with all of them. */
export type WatchedFolders = Map<string, Set<string> | 'all'>;

/** Longest chain of symbolic links followed, as in Linux. */
const maxLinks = 40;

/**
 * Where a change of a file can show: the folder that holds it, and the folder of every symbolic link on the way to it.
 * A Kubernetes ConfigMap changes by exchanging the link `..data` beside the file, a release by exchanging a link some
 * folders above it. Where a part of the path is missing, the last folder that exists is the last one watched.
 */
export async function addWatchedFolders(file: string, folders: WatchedFolders): Promise<void> {
  let folder = parse(file).root;
  let rest = partsOf(file);
  let links = 0;
  for (;;) {
    const [name, ...later] = rest;
    if (name === undefined) return;
    const path = join(folder, name);
    const about = await lstat(path).catch(ignoreMissing);
    const isLink = about?.isSymbolicLink() ?? false;
    if (about === undefined || isLink || later.length === 0) remember(folders, folder, name);
    if (about === undefined) return;
    if (!isLink) {
      folder = path;
      rest = later;
      continue;
    }
    links += 1;
    if (links > maxLinks) return;
    const target = await readlink(path).catch(ignoreMissing);
    if (target === undefined) return;
    if (target.startsWith(sep)) folder = parse(target).root;
    rest = [...partsOf(target), ...later];
    // `..` climbs from the real folder, which `join` may do here since no link is left in `folder`.
    while (rest[0] === '..' || rest[0] === '.') {
      if (rest[0] === '..') folder = dirname(folder);
      rest = rest.slice(1);
    }
  }
}

/** As `addWatchedFolders`, of a folder in which every name counts, also one that comes later. */
export async function addWholeFolder(folder: string, folders: WatchedFolders): Promise<void> {
  await addWatchedFolders(folder, folders);
  const real = await realpath(folder).catch(ignoreMissing);
  if (real !== undefined) folders.set(real, 'all');
}

/** What a file is now: identity, length and times; `missing` where there is none. Follows links. */
export async function fingerprintOf(file: string): Promise<string> {
  const about = await stat(file, { bigint: true }).catch(ignoreMissing);
  if (about === undefined) return 'missing';
  return [about.dev, about.ino, about.size, about.mtimeNs, about.ctimeNs].join(':');
}

/** Which folder stands under a name now. */
export async function identityOf(folder: string): Promise<string> {
  const about = await stat(folder).catch(ignoreMissing);
  return about === undefined ? 'missing' : `${about.dev}:${about.ino}`;
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '' && part !== '.');
}

function remember(folders: WatchedFolders, folder: string, name: string): void {
  const names = folders.get(folder) ?? new Set<string>();
  if (names !== 'all') folders.set(folder, names.add(name));
}

/** A path that cannot be looked at is as good as missing: reading it says why, watching it only waits for a change. */
function ignoreMissing(): undefined {
  return undefined;
}

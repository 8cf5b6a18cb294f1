import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintOf } from '../../config/changes/watched-folders.ts';
import { findEntry } from '../../host/packages/source.ts';

/** Where a change of the plugins below `plugins.paths` can show, as it is now; everything may be a symbolic link. */
export interface ShelfExtent {
  /** The paths, what lies in them, and the entry file of each source folder. */
  readonly files: readonly string[];
  /** Folders in which anything may be put: the paths, and the folders in them, which may become plugins. */
  readonly folders: readonly string[];
}

/** Looks how far the paths reach. Never throws: what cannot be looked at is left to whoever reads it. */
export async function extentOf(paths: readonly string[]): Promise<ShelfExtent> {
  const files: string[] = [];
  const folders: string[] = [];
  const add = async (path: string): Promise<boolean> => {
    files.push(path);
    const about = await stat(path).catch(() => undefined);
    if (about?.isDirectory() !== true) return false;
    folders.push(path);
    const entry = await findEntry(path);
    if (entry !== undefined) files.push(join(path, entry));
    return entry === undefined;
  };
  for (const path of paths) {
    const holdsPlugins = await add(path);
    if (!holdsPlugins) continue;
    const names = await readdir(path).catch(() => []);
    for (const name of names.filter((each) => !each.startsWith('.'))) await add(join(path, name));
  }
  return { files, folders };
}

/** What everything in an extent is now; another text after a change. */
export async function fingerprintOfExtent({ files }: ShelfExtent): Promise<string> {
  return (await Promise.all(files.map(fingerprintOf))).join('\n');
}

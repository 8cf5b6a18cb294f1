import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { addWatchedFolders, addWholeFolder, identityOf } from './watched-folders.ts';
import type { WatchedFolders } from './watched-folders.ts';

/** Watches on the folders in which a change of some files can show. */
export class FolderWatches implements Disposable {
  readonly #onChange: () => void;
  readonly #watches = new Map<string, { watcher: FSWatcher; identity: string }>();
  #folders: WatchedFolders = new Map();

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches what the files, and everything in the whole folders, need now, and no longer what they do not need. */
  async follow(files: readonly string[], wholeFolders: readonly string[] = []): Promise<void> {
    const folders: WatchedFolders = new Map();
    for (const file of files) await addWatchedFolders(file, folders);
    for (const folder of wholeFolders) await addWholeFolder(folder, folders);
    this.#folders = folders;
    for (const folder of this.#watches.keys()) if (!folders.has(folder)) this.#stop(folder);
    for (const folder of folders.keys()) {
      // A watch stays with the folder it was made for, even when another has taken its name.
      const identity = await identityOf(folder);
      if (this.#watches.get(folder)?.identity === identity) continue;
      this.#stop(folder);
      this.#start(folder, identity);
    }
  }

  #start(folder: string, identity: string): void {
    let watcher: FSWatcher;
    try {
      watcher = watch(folder, { persistent: false });
    } catch {
      // No watch can be had (the folder went, or the system's limit is reached): the slow poll sees its changes.
      return;
    }
    this.#watches.set(folder, { watcher, identity });
    watcher.on('change', (_type, name) => {
      const names = this.#folders.get(folder);
      if (name === null || names === 'all' || names?.has(name.toString()) === true) this.#onChange();
    });
    watcher.on('error', () => {
      this.#stop(folder);
      this.#onChange();
    });
  }

  #stop(folder: string): void {
    this.#watches.get(folder)?.watcher.close();
    this.#watches.delete(folder);
  }

  [Symbol.dispose](): void {
    for (const folder of this.#watches.keys()) this.#stop(folder);
  }
}

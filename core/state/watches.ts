import type { Log, StateEntry } from '@orchestrall/sdk';
import { Outage } from '../resilience/outage.ts';
import type { Owner } from '../telemetry/owner.ts';
import { seeEntries, seeVersions } from './store.ts';
import type { SeenEntry, Sql } from './store.ts';

/** Called with a changed document; `undefined` means deleted. */
export type Listener = (key: string, entry: StateEntry | undefined) => void;

interface Watch {
  readonly prefix: string;
  readonly listener: Listener;
  /** Newest version seen of each key. */
  readonly seen: Map<string, number>;
  /** False until the versions that were there before have been read: they are no changes. */
  ready: boolean;
}

/** The watches of one generation. */
export interface Watches {
  add(prefix: string, listener: Listener): void;
  /** Reads what is there now, which is not told. */
  prepare(): Promise<void>;
  /** Begins to tell, with whatever has changed since `prepare`. */
  activate(): void;
  deactivate(): void;
  /** A key has changed. */
  changed(key: string): void;
  /** Changes may have been missed: compares everything. */
  compare(): void;
}

/**
 * Tells listeners of changes by reading the document anew: a notification carries only its key, so that several for
 * one key lead to one call with the newest state. Reads follow each other, so versions never go back.
 */
export function createWatches(sql: () => Sql, owner: Owner, log: Log): Watches {
  const watches: Watch[] = [];
  const pending = new Set<string>();
  let active = false;
  let comparing = false;
  let reading = false;
  const outage = new Outage({ firstPauseMs: 1_000, longestPauseMs: 5_000 });

  const wake = (): void => {
    if (active && !reading && (comparing || pending.size > 0)) void read();
  };

  const read = async (): Promise<void> => {
    reading = true;
    try {
      await prepare();
      if (comparing) {
        comparing = false;
        for (const watch of watches) for (const key of await differing(watch)) pending.add(key);
      }
      const keys = [...pending];
      pending.clear();
      try {
        await tell(keys);
      } catch (error) {
        for (const key of keys) pending.add(key);
        throw error;
      }
      outage.passed();
    } catch (error) {
      comparing = true;
      outage.failed(() =>
        log.warn({ error, plugin: owner.plugin }, 'changes of state could not be read; trying again'),
      );
      await new Promise((resolve) => setTimeout(resolve, outage.pauseMs));
    } finally {
      reading = false;
      wake();
    }
  };

  const prepare = async (): Promise<void> => {
    for (const watch of watches) {
      if (watch.ready) continue;
      for (const { key, version } of await seeVersions(sql(), owner.plugin, watch.prefix))
        watch.seen.set(key, version);
      watch.ready = true;
    }
  };

  const differing = async (watch: Watch): Promise<string[]> => {
    const rows = await seeVersions(sql(), owner.plugin, watch.prefix);
    const there = new Set(rows.map((row) => row.key));
    const changed = rows.filter((row) => row.version !== watch.seen.get(row.key)).map((row) => row.key);
    return [...changed, ...[...watch.seen.keys()].filter((key) => !there.has(key))];
  };

  const tell = async (keys: readonly string[]): Promise<void> => {
    if (keys.length === 0) return;
    const rows = new Map((await seeEntries(sql(), owner.plugin, keys)).map((row) => [row.key, row]));
    for (const key of keys) {
      for (const watch of watches) if (key.startsWith(watch.prefix)) await tellOne(watch, key, rows.get(key));
    }
  };

  const tellOne = async (watch: Watch, key: string, row: SeenEntry | undefined): Promise<void> => {
    // A row that is gone was told as deleted when its document went.
    if (row === undefined) watch.seen.delete(key);
    if (row === undefined || row.version === watch.seen.get(key)) return;
    watch.seen.set(key, row.version);
    const entry = row.live ? stateEntry(row) : undefined;
    await owner
      .run('listener', async () => watch.listener(key, entry))
      .catch((error: unknown) => {
        log.error({ error, plugin: owner.plugin, key }, 'a watch of state threw');
      });
  };

  return {
    add(prefix, listener) {
      watches.push({ prefix, listener, seen: new Map(), ready: false });
      comparing = true;
      wake();
    },
    prepare,
    activate() {
      active = true;
      comparing = watches.length > 0;
      wake();
    },
    deactivate() {
      active = false;
    },
    changed(key) {
      if (!watches.some((watch) => key.startsWith(watch.prefix))) return;
      pending.add(key);
      wake();
    },
    compare() {
      comparing = watches.length > 0;
      wake();
    },
  };
}

/** The document as plugins see it. */
export function stateEntry({
  key,
  value,
  version,
  updated_at: updatedAt,
}: Omit<SeenEntry, 'live'>): StateEntry {
  return { key, value, version, updatedAt };
}

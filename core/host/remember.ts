import type { HostStore, PluginRecord, RecordChange } from './desired.ts';
import type { Slot } from './slot.ts';

/**
 * Stores a change of what must be known of a plugin: one write after the other, and in force once it is stored, so
 * that what cannot be stored is as if it had never been asked for. `change` is given the record as the writes before
 * left it, those of other replicas too; undefined changes nothing. Rejects with its error or the store's.
 */
export async function remember(store: HostStore, slot: Slot, change: RecordChange): Promise<void> {
  const before = slot.remembering;
  const write = async (): Promise<void> => {
    await before;
    // Most of what is told is known: a reload, say, serves the version that served before.
    if (change(slot.record) === undefined) return;
    slot.record = await store.change(slot.name, change);
  };
  const written = write();
  // The next write does not depend on this one; whoever asked for it hears of its failure.
  slot.remembering = written.catch(() => undefined);
  await written;
}

/** Reads every record anew, after the writes that are under way and before those that come; gives each to `take`. */
export async function recall(
  store: HostStore,
  slots: Iterable<Slot>,
  take: (record: PluginRecord) => void,
): Promise<void> {
  const waiting = [...slots];
  const before = waiting.map((slot) => slot.remembering);
  const read = async (): Promise<void> => {
    await Promise.all(before);
    for (const record of (await store.load()).values()) take(record);
  };
  const done = read();
  // The writes that come do not depend on this; whoever asked for it hears of its failure.
  for (const slot of waiting) slot.remembering = done.catch(() => undefined);
  await done;
}

/** The change that a version now serves; none when it did before, such as after a reload. */
export function servedBy(version: string | undefined): RecordChange {
  return ({ servedVersion, previousVersion }) => {
    if (version === servedVersion) return undefined;
    return { servedVersion: version, previousVersion: servedVersion ?? previousVersion };
  };
}

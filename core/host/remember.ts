import type { HostStore, PluginRecord } from './desired.ts';
import type { Slot } from './slot.ts';

/**
 * Stores a change of what must be known of a plugin: one write after the other, and in force once it is stored, so
 * that what cannot be stored is as if it had never been asked for. `change` is given the record as the writes before
 * left it; undefined changes nothing. Rejects with the store's error.
 */
export async function remember(
  store: HostStore,
  slot: Slot,
  change: (record: PluginRecord) => Partial<PluginRecord> | undefined,
): Promise<void> {
  const before = slot.remembering;
  const write = async (): Promise<void> => {
    await before;
    const changed = change(slot.record);
    if (changed === undefined) return;
    const record = { ...slot.record, ...changed };
    await store.save(record);
    slot.record = record;
  };
  const written = write();
  // The next write does not depend on this one; whoever asked for it hears of its failure.
  slot.remembering = written.catch(() => undefined);
  await written;
}

/** The change that a version now serves; none when it did before, such as after a reload. */
export function servedBy(version: string | undefined): Parameters<typeof remember>[2] {
  return ({ servedVersion, previousVersion }) => {
    if (version === servedVersion) return undefined;
    return { servedVersion: version, previousVersion: servedVersion ?? previousVersion };
  };
}

import type { CoreRooms } from '../core-rooms.ts';

/** Deletes everything that a plugin has stored in any room; the history of events and the audit entries stay. */
export async function purgeEverywhere(rooms: CoreRooms, plugin: string): Promise<void> {
  const { audit, bus, database, jobs, state } = rooms;
  await jobs.purge(plugin);
  await bus.purge(plugin);
  await state.purge(plugin);
  await database.purge(plugin);
  await audit.record({ action: 'plugin.purged', subjectType: 'plugin', subjectId: plugin });
}

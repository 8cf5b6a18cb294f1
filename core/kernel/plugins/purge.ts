import { coreError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { purgeAnswers } from '../../http/idempotency/kept-answers.ts';
import type { LocksEngine } from '../../jobs/locks/locks.ts';
import type { CoreRooms } from '../core-rooms.ts';
import { engineVersion } from '../version.ts';
import { flagOf } from './desired-plugins.ts';

/** Longest wait of a build for a purge; a purge itself ends with its request, after three minutes. */
const buildWaitMs = 180_000;

/** Longest wait of a purge for builds, each of which only looks whether it may begin. */
const purgeWaitMs = 10_000;

/**
 * Deletes everything that a plugin has stored in any room; the history of events and the audit entries stay. While
 * that goes on no replica begins to build the plugin: it is switched on afterwards, on nothing. Throws
 * `PLUGIN_NOT_FOUND`, and `PLUGIN_NOT_OFF` unless it is off, here entirely and at the others by their flags.
 */
export async function purgePlugin(rooms: CoreRooms, host: Host, plugin: string): Promise<void> {
  await host.whileOff(plugin, async () =>
    withLock(rooms.locks, plugin, purgeWaitMs, async () => {
      // Another replica may have switched it on before the lock was ours, and its word may still be on the way.
      await rooms.flags.reread();
      if (rooms.flags.isEnabled(flagOf(plugin))) {
        throw coreError('PLUGIN_NOT_OFF', { plugin, state: 'being switched on' });
      }
      await purgeEverywhere(rooms, plugin);
      await host.forget(plugin);
    }),
  );
}

/** Waits until no replica purges the plugin; a switch has been stored before, so that a later purge sees it. */
export async function purgeEnded(locks: LocksEngine, plugin: string): Promise<void> {
  await withLock(locks, plugin, buildWaitMs, async () => {});
}

async function purgeEverywhere(rooms: CoreRooms, plugin: string): Promise<void> {
  const { audit, bus, database, jobs, state } = rooms;
  await jobs.purge(plugin);
  await bus.purge(plugin);
  await state.purge(plugin);
  await purgeAnswers(database.core(), plugin);
  await database.purge(plugin);
  await audit.record({ action: 'plugin.purged', subjectType: 'plugin', subjectId: plugin });
}

async function withLock(
  locks: LocksEngine,
  plugin: string,
  waitMs: number,
  work: () => Promise<void>,
): Promise<void> {
  // No plugin has a name of this form, so none can hold the core's locks.
  const core = locks.forPlugin({
    plugin: '(core)',
    version: engineVersion,
    generation: 0,
    run: async (_kind, run) => run(),
  });
  await core.withLock(`purge of ${plugin}`, work, { waitMs });
}

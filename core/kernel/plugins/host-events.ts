import type { Log } from '@orchestrall/sdk';
import { pluginActivated, pluginDeactivated, pluginFailed, pluginStopped } from '../../bus/core-events.ts';
import type { BusEngine } from '../../bus/bus-engine.ts';
import type { HostEvents } from '../../host/reconciler.ts';

/** Tells logs and bus what happens to plugins. An event that cannot be stored is logged; the change stands. */
export function hostEvents(bus: Pick<BusEngine, 'emitFromCore'>, log: Log): HostEvents {
  const emit = (...parameters: Parameters<BusEngine['emitFromCore']>): void => {
    bus.emitFromCore(...parameters).catch((error: unknown) => {
      log.warn({ error, event: parameters[0].type }, 'an event about a plugin could not be stored');
    });
  };
  const told = new Map<string, string>();
  return {
    activated(slot, previous) {
      const { version = '', generation = 0 } = slot.current ?? {};
      const plugin = slot.name;
      told.delete(plugin);
      log.info(
        { plugin, version, generation, previous: previous?.version },
        `${plugin} ${version} is active`,
      );
      emit(pluginActivated, { plugin, version, generation }, { subject: plugin });
    },
    deactivated(slot, { version, generation }) {
      const plugin = slot.name;
      log.info({ plugin, version, generation }, `${plugin} ${version} is off`);
      emit(pluginDeactivated, { plugin, version, generation }, { subject: plugin });
    },
    failed(slot, error) {
      const plugin = slot.name;
      const { version = '', reason = '' } = slot.failure ?? {};
      // It is tried again and again: what has been told stays short.
      if (told.get(plugin) === reason)
        log.warn({ plugin, version, reason }, `${plugin} ${version} failed again`);
      else log.error({ error, plugin, version }, `${plugin} ${version} failed: ${reason}`);
      told.set(plugin, reason);
      emit(pluginFailed, { plugin, version, reason }, { subject: plugin });
    },
    drained({ plugin, version, generation, cut, outlived, faults, leaks, durationMs }) {
      const leaked = leaks.map(({ kind, madeAt }) => (madeAt === undefined ? kind : `${kind} ${madeAt}`));
      const fields = {
        plugin,
        version,
        generation,
        cut,
        outlived,
        duration_ms: Math.round(durationMs),
        leaked,
      };
      for (const { effect, error } of faults)
        log.error({ ...fields, effect, error }, 'an effect was not undone');
      const said = `generation ${generation} of ${plugin}`;
      if (leaked.length > 0) log.warn(fields, `${said} left handles behind`);
      else if (Object.keys(outlived).length > 0) log.warn(fields, `${said} has ended before its work had`);
      else log.info(fields, `${said} has ended`);
      emit(pluginStopped, { plugin, version, generation, leaked }, { subject: plugin });
    },
  };
}

import { serviceHealthChanged } from '../../bus/core-events.ts';
import type { BusEngine } from '../../bus/bus-engine.ts';
import { ServiceRegistry } from '../../telemetry/health.ts';
import type { Logs } from '../../telemetry/logs.ts';

/** The registry of health checks, which tells the bus of each change of health; nothing is registered yet. */
export function watchedServices(bus: Pick<BusEngine, 'emitFromCore'>, logs: Logs): ServiceRegistry {
  const log = logs.logger('core.health');
  return new ServiceRegistry({
    log,
    onChange: ({ name, before, after }) => {
      const reason = after.reason ?? null;
      const data = { service: name, status: after.status, previous: before.status, reason };
      bus.emitFromCore(serviceHealthChanged, data, { subject: name }).catch((error: unknown) => {
        log.warn({ error }, 'a change of health could not be stored');
      });
    },
  });
}

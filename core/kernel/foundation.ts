import type { Clock } from '@orchestrall/sdk';
import { Registry } from 'prom-client';
import { Logs } from '../telemetry/logs.ts';
import type { ApplianceOptions } from './appliance-options.ts';
import { Lifecycle } from './lifecycle.ts';
import { Stages } from './stages.ts';

/** What every phase of a start stands on; it holds nothing that would have to be stopped. */
export interface Foundation {
  readonly options: ApplianceOptions;
  readonly clock: Clock;
  /** Of `clock`, milliseconds. */
  readonly startedAtMs: number;
  readonly logs: Logs;
  readonly metrics: Registry;
  readonly stages: Stages;
  readonly lifecycle: Lifecycle;
}

const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/** Makes the foundation of one run. */
export function layFoundation(options: ApplianceOptions): Foundation {
  const clock = options.clock ?? systemClock;
  const logs = new Logs({ destination: options.logDestination });
  const log = logs.logger('core.kernel');
  const stages = new Stages(log);
  return {
    options,
    clock,
    startedAtMs: clock.monotonicMs(),
    logs,
    metrics: new Registry(),
    stages,
    lifecycle: new Lifecycle({ stages, log }),
  };
}

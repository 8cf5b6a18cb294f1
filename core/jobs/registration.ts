import type {
  EnqueueOptions,
  Job,
  JobDefinition,
  JobOptions,
  Jobs,
  JobView,
  Schedule,
} from '@orchestrall/sdk';
import type { Static } from 'typebox';
import { coreError } from '../errors.ts';
import type { Owner, Registration } from '../telemetry/owner.ts';
import type { Lanes } from './running/dispatcher.ts';
import { laneSettings } from './running/lane.ts';
import type { Lane } from './running/lane.ts';
import { checkJobName, nameFault, payloadFaults } from './new-job.ts';
import type { JobsOptions } from './ports.ts';
import type { DeclaredSchedule } from './schedules/schedules.ts';
import { checkPlan } from './schedules/plan.ts';
import { stopRuns } from './running/stop-runs.ts';

/** What a registration needs of the engine. */
export interface RegistrationServices {
  readonly options: Pick<JobsOptions, 'database' | 'clock' | 'log'>;
  readonly lanes: Lanes;
  readonly wake: () => void;
  readonly enqueue: (
    plugin: string,
    definition: JobDefinition,
    payload: unknown,
    options?: EnqueueOptions,
  ) => Promise<string>;
  readonly cancel: (id: string, plugin: string) => Promise<boolean>;
  readonly view: (id: string, plugin: string) => Promise<JobView | undefined>;
  readonly schedules: {
    /** Makes rows for schedules that have none yet. */
    prepare(plugin: string, declared: readonly DeclaredSchedule[]): Promise<void>;
    /** These are the plugin's schedules from now on, and fire. */
    activate(plugin: string, declared: readonly DeclaredSchedule[]): void;
    deactivate(plugin: string, declared: readonly DeclaredSchedule[]): void;
  };
}

/** Jobs of one generation: handlers and schedules are kept until `activate` opens their lanes in one step. */
export function createRegistration(services: RegistrationServices, owner: Owner): Registration<Jobs> {
  const { plugin } = owner;
  const lanes = new Map<string, Lane>();
  const declared: DeclaredSchedule[] = [];
  let active = false;

  const addLane = (definition: JobDefinition, handler: Lane['handler'], options?: JobOptions): void => {
    const { name } = definition;
    checkJobName(name);
    if (lanes.has(name)) throw coreError('JOB_INVALID', { name, reason: 'it has a handler already' });
    const lane: Lane = { owner, definition, handler, settings: laneSettings(name, options), runs: new Set() };
    lanes.set(name, lane);
    if (!active) return;
    services.lanes.open(lane);
    services.wake();
  };

  const api: Jobs = {
    handle<Definition extends JobDefinition>(
      definition: Definition,
      handler: (job: Job<Static<Definition['payload']>>) => Promise<void>,
      options?: JobOptions,
    ): void {
      addLane(definition, typedHandler(handler), options);
    },
    enqueue: (definition, payload, options) => services.enqueue(plugin, definition, payload, options),
    schedule(schedule, definition, payload) {
      declared.push(declare(schedule, definition, payload, declared, services.options.clock.now()));
      if (active) services.schedules.activate(plugin, declared);
    },
    cancel: (id) => services.cancel(id, plugin),
    get: (id) => services.view(id, plugin),
  };

  const deactivate = (): void => {
    active = false;
    for (const lane of lanes.values()) services.lanes.close(lane);
    services.schedules.deactivate(plugin, declared);
  };

  return {
    api,
    prepare: () => services.schedules.prepare(plugin, declared),
    activate() {
      active = true;
      for (const lane of lanes.values()) services.lanes.open(lane);
      services.schedules.activate(plugin, declared);
      services.wake();
    },
    deactivate,
    async [Symbol.asyncDispose]() {
      deactivate();
      await stopRuns(
        services.options,
        [...lanes.values()].flatMap((lane) => [...lane.runs]),
      );
      services.wake();
    },
  };
}

/** The stored payload is checked against the definition before each call, which is what makes it of this type. */
function typedHandler<Payload>(handler: (job: Job<Payload>) => Promise<void>): Lane['handler'];
function typedHandler(handler: Lane['handler']): Lane['handler'] {
  return handler;
}

function declare(
  schedule: Schedule,
  definition: JobDefinition,
  payload: unknown,
  earlier: readonly DeclaredSchedule[],
  now: Date,
): DeclaredSchedule {
  const { name, cron, timeZone = 'UTC' } = schedule;
  checkJobName(definition.name);
  const reason = nameFault(name);
  if (reason !== undefined) throw coreError('SCHEDULE_INVALID', { name, reason });
  if (earlier.some((other) => other.name === name)) {
    throw coreError('SCHEDULE_INVALID', { name, reason: 'there is one of this name already' });
  }
  checkPlan({ name, cron, timeZone }, now);
  const faults = payloadFaults(definition, payload);
  if (faults.length > 0) {
    throw coreError('JOB_INVALID', {
      name: definition.name,
      reason: 'the payload of its schedule does not fit',
      faults,
    });
  }
  return { name, cron, time_zone: timeZone, job_name: definition.name, payload };
}

import type { Clock } from '@orchestrall/sdk';
import type { Registry } from 'prom-client';
import { erasePort } from './erase-port.ts';
import { createAudit, type AuditRoom } from '../audit/audit.ts';
import { authEvents } from '../auth/accounts/events.ts';
import { createAuth, type Auth } from '../auth/auth.ts';
import { createBus, type BusEngine } from '../bus/bus-engine.ts';
import type { LoadedConfiguration } from '../config/load.ts';
import { createDatabase, type DatabaseEngine } from '../database/engine.ts';
import { flagChanged } from '../flags/events.ts';
import { FlagRoom } from '../flags/flags.ts';
import { createJobs, type JobsEngine } from '../jobs/engine.ts';
import { emitEndedJobs, jobCompleted, jobFailed } from '../jobs/events.ts';
import { createLocks, type LocksEngine } from '../jobs/locks/locks.ts';
import { createState, type StateEngine } from '../state/state.ts';
import type { Logs } from '../telemetry/logs.ts';
import { currentScope } from '../telemetry/scope.ts';
import { isSendingJob } from '../webhooks/delivery/sending-job.ts';
import { webhookPaused } from '../webhooks/events.ts';
import type { WebhooksEngine } from '../webhooks/webhooks.ts';
import { applianceKey, type DatabaseServer } from './backends.ts';
import { coreMigrations } from './core-migrations.ts';
import type { Stages } from './stages.ts';
import { startWebhooks } from './start-webhooks.ts';

/** The core's rooms that stand on the database, started. */
export interface CoreRooms {
  readonly database: DatabaseEngine;
  readonly audit: AuditRoom;
  readonly bus: BusEngine;
  readonly jobs: JobsEngine;
  readonly locks: LocksEngine;
  readonly state: StateEngine;
  readonly webhooks: WebhooksEngine;
  readonly flags: FlagRoom;
  readonly auth: Auth;
}

/** What the rooms on the database are started with. */
export interface CoreRoomsOptions {
  readonly configuration: LoadedConfiguration;
  readonly server: DatabaseServer;
  readonly dataFolder: string;
  readonly environmentFlags: ReadonlyMap<string, { readonly enabled: boolean; readonly variable: string }>;
  /** Where the appliance is reached; undefined until it listens. */
  readonly publicUrl: () => string | undefined;
  /** Names this process among the replicas; the same after a restart on the same data folder. */
  readonly replica: string;
  readonly stages: Stages;
  /** Where the rooms register what they count. */
  readonly metrics: Registry;
  readonly logs: Logs;
  readonly clock: Clock;
}

/** Connects to the database, migrates it, and starts what runs in the background, then identity. */
export async function startCoreRooms(options: CoreRoomsOptions): Promise<CoreRooms> {
  const { configuration, server, stages, metrics, logs, clock } = options;
  const { value } = configuration;

  const database = await stages.start(
    'database',
    async () =>
      createDatabase({
        connection: server.connection,
        poolSize: value.database.pool_size,
        acquireTimeoutMs: value.database.timeout * 1000,
        statementTimeoutMs: value.database.timeout * 1000,
        annotate: () => currentScope().traceparent,
        writesRefused: server.writesRefused,
        log: logs.logger('core.database'),
      }),
    async (engine) => engine.close(),
  );
  await database.migrate(await coreMigrations());

  const audit = createAudit({ database });
  const bus = createBus({
    database,
    log: logs.logger('core.bus'),
    metrics,
    retentionDays: value.events.retention_days,
    replica: options.replica,
    coreEvents: [flagChanged, jobCompleted, jobFailed, webhookPaused, ...authEvents],
  });
  const jobs = createJobs({
    database,
    log: logs.logger('core.jobs'),
    metrics,
    clock,
    random: Math.random,
    emitEnded: (tx, ended) =>
      emitEndedJobs(
        tx,
        ended.filter((job) => !isSendingJob(job)),
      ),
  });
  database.connectEffects({ audit: audit.port, enqueue: jobs.enqueuePort, erase: erasePort });
  await stages.start(
    'event bus',
    async () => bus.start(),
    async () => bus.stop(),
  );
  await stages.start(
    'jobs',
    async () => jobs.start(),
    async () => dispose(jobs),
  );
  const locks = createLocks({ database, log: logs.logger('core.locks'), metrics, clock });
  await stages.start(
    'locks',
    async () => locks.start(),
    async () => dispose(locks),
  );
  const state = createState({ database, log: logs.logger('core.state'), clock });
  await stages.start(
    'state',
    async () => state.start(),
    async () => dispose(state),
  );
  const key = await applianceKey(configuration, options.dataFolder);
  const webhooks = await startWebhooks({
    database,
    bus,
    jobs,
    configuration: value,
    applianceKey: key,
    stages,
    metrics,
    logs,
    clock,
  });
  const flags = new FlagRoom({
    database,
    environment: options.environmentFlags,
    log: logs.logger('core.flags'),
  });
  await stages.start(
    'flags',
    async () => flags.start(),
    async () => dispose(flags),
  );
  const auth = await stages.start(
    'identity',
    async () =>
      createAuth({
        database: database.core(),
        applianceKey: key,
        publicUrl: options.publicUrl,
        jwtExpirySeconds: value.security.jwt_expiry,
        clock,
        log: logs.logger('core.auth'),
      }),
    dispose,
  );
  return { database, audit, bus, jobs, locks, state, webhooks, flags, auth };
}

async function dispose(resource: AsyncDisposable): Promise<void> {
  await resource[Symbol.asyncDispose]();
}

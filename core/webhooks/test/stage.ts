import { fileURLToPath } from 'node:url';
import { defineEvent, Secret } from '@orchestrall/sdk';
import { Registry } from 'prom-client';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { createAudit } from '../../audit/audit.ts';
import { createBus } from '../../bus/bus-engine.ts';
import type { BusEngine } from '../../bus/bus-engine.ts';
import { createRecordingLog } from '../../bus/test/fixture.ts';
import { Webhooks } from '../../config/sections/webhooks.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import { createSeal } from '../../database/seal.ts';
import { createJobs } from '../../jobs/engine.ts';
import { emitEndedJobs, jobCompleted, jobFailed } from '../../jobs/events.ts';
import { clock } from '../../jobs/test/support.ts';
import { erasePort } from '../../kernel/erase-port.ts';
import { testDatabase } from '../../testing/postgres.ts';
import { isSendingJob } from '../delivery/sending-job.ts';
import { webhookPaused } from '../events.ts';
import type { WebhookDelivery } from '../log/delivery.ts';
import { createWebhooks } from '../webhooks.ts';
import type { WebhooksEngine, WebhooksOptions } from '../webhooks.ts';

/** An event of the tests; any data. */
export const noted = defineEvent('note.written', Type.Object({}, { additionalProperties: true }));
const other = defineEvent('page.turned', Type.Object({}, { additionalProperties: true }));

/** The rooms that webhooks stand on, real and started, and webhooks on them. */
export interface Stage extends AsyncDisposable {
  readonly webhooks: WebhooksEngine;
  readonly bus: BusEngine;
  readonly database: ScopedDatabase;
  readonly log: ReturnType<typeof createRecordingLog>;
  /** Emits `note.written`, or `page.turned`; gives its id. */
  emit(data: object, kind?: 'note' | 'page'): Promise<string>;
  /** Sets keys of the section `webhooks`. */
  configure(settings: Partial<Webhooks>): void;
  /** Webhooks of a second process on the same database; not started. */
  another(): WebhooksEngine;
}

/** Settings that let loopback be reached by HTTP; everything else as by default. */
export function settingsFor(hosts: readonly string[], more: Partial<Webhooks> = {}): Webhooks {
  return Value.Parse(Webhooks, {
    ...(Value.Default(Webhooks, {}) as object),
    allowed_hosts: hosts,
    allowed_networks: ['127.0.0.0/8'],
    allow_http: true,
    ...more,
  });
}

async function migrationsOf(
  room: string,
): Promise<{ owner: string; migrations: Awaited<ReturnType<typeof readMigrations>> }> {
  const owner = `core/${room}`;
  const folder = fileURLToPath(new URL(`../../${room}/migrations`, import.meta.url));
  return { owner, migrations: await readMigrations(folder, owner) };
}

/** Starts a stage; attempts are repeated after 50 ms unless other pauses are given. */
export async function startStage(
  settings: Webhooks,
  options: Partial<Pick<WebhooksOptions, 'resolve' | 'pauses' | 'seal'>> = {},
): Promise<Stage> {
  const migrations = await Promise.all(['audit', 'bus', 'jobs', 'webhooks'].map(migrationsOf));
  const store = await testDatabase({ migrations });
  const engine = await store.open({ poolSize: 12 });
  const log = createRecordingLog();
  const bus = createBus({
    database: engine,
    log,
    coreEvents: [noted, other, webhookPaused, jobCompleted, jobFailed],
  });
  const jobs = createJobs({
    database: engine,
    log,
    clock,
    random: Math.random,
    pollMs: 50,
    emitEnded: (tx, ended) =>
      emitEndedJobs(
        tx,
        ended.filter((job) => !isSendingJob(job)),
      ),
  });
  engine.connectEffects({
    audit: createAudit({ database: engine }).port,
    erase: erasePort,
    enqueue: jobs.enqueuePort,
  });
  await bus.start();
  await jobs.start();
  let current = settings;
  const create = (): WebhooksEngine =>
    createWebhooks({
      database: engine.core(),
      jobs,
      bus,
      seal: createSeal(new Secret('the key of the stage'), 'webhook secrets at rest'),
      settings: current,
      metrics: new Registry(),
      log,
      clock,
      pauses: Array.from({ length: 10 }, () => 50),
      ...options,
    });
  const webhooks = create();
  await webhooks.start();
  return {
    webhooks,
    bus,
    database: engine.core(),
    log,
    emit: (data, kind = 'note') =>
      bus.emitFromCore(kind === 'note' ? noted : other, data, { room: 'kernel' }),
    configure(given) {
      current = { ...current, ...given };
      webhooks.configure(current);
    },
    another: create,
    async [Symbol.asyncDispose]() {
      await webhooks[Symbol.asyncDispose]();
      await jobs[Symbol.asyncDispose]();
      await bus.stop();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Asks again until the newest deliveries are as wanted. */
export async function untilDeliveries(
  { webhooks }: Stage,
  id: string,
  wanted: (items: readonly WebhookDelivery[]) => boolean,
): Promise<readonly WebhookDelivery[]> {
  const begun = performance.now();
  for (;;) {
    const { items } = await webhooks.deliveries.list(id, { limit: 200 });
    if (wanted(items)) return items;
    if (performance.now() - begun > 60_000)
      throw new Error(`never came: ${JSON.stringify(items.slice(0, 5))}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

import type { Clock, Jobs, Log } from '@orchestrall/sdk';
import type { Registry } from 'prom-client';
import type { BusEngine } from '../bus/bus-engine.ts';
import type { Webhooks } from '../config/sections/webhooks.ts';
import type { ScopedDatabase } from '../database/scoped-database.ts';
import type { Seal } from '../database/seal.ts';
import type { JobsEngine } from '../jobs/engine.ts';
import type { Owner } from '../telemetry/owner.ts';
import { withoutScope } from '../telemetry/scope.ts';
import { pausesMs } from './delivery/backoff.ts';
import { createFeed } from './delivery/feed.ts';
import { sendWaiting } from './delivery/send-waiting.ts';
import type { SendingServices } from './delivery/send-waiting.ts';
import { sendingJob } from './delivery/sending-job.ts';
import { missedWork } from './delivery/missed-work.ts';
import { maxWebhooks } from './limits.ts';
import { createDeliveries } from './log/deliveries.ts';
import type { WebhookDeliveries } from './log/deliveries.ts';
import { trimDeliveries } from './log/retention.ts';
import { createWebhookMetrics } from './metrics.ts';
import { createRegistry } from './registry.ts';
import type { WebhookRegistry } from './registry.ts';
import { policyOf } from './sending/policy.ts';
import { createResolve } from './sending/resolve.ts';
import type { Resolve } from './sending/resolve.ts';

/** What the webhooks of one process are built from. */
export interface WebhooksOptions {
  readonly database: ScopedDatabase;
  readonly jobs: Pick<JobsEngine, 'forPlugin'>;
  /** Where the history stands; only its position is read. */
  readonly bus: Pick<BusEngine, 'position'>;
  readonly seal: Seal;
  readonly settings: Webhooks;
  readonly metrics: Registry;
  readonly log: Log;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter; default `Math.random`. */
  readonly random?: () => number;
  /** Asks for the addresses of a name; default the system. */
  readonly resolve?: Resolve;
  /** Pauses between attempts, milliseconds; default those of `pausesMs`. */
  readonly pauses?: readonly number[];
}

/** Webhooks of one process; replicas on one database share the work. */
export interface WebhooksEngine extends AsyncDisposable {
  readonly registry: WebhookRegistry;
  readonly deliveries: WebhookDeliveries;
  /** Takes over another state of the section `webhooks`; the next attempt follows it. */
  configure(settings: Webhooks): void;
  /** Begins to feed and to send; the migrations of `core/webhooks` must have run. */
  start(): Promise<void>;
  /** Removes what is older than the retention; called hourly by itself. Returns how many deliveries went. */
  trim(): Promise<number>;
}

const lookMs = 100;
/** How often webhooks are fed for which no event came lately, such as one that had too much waiting. */
const feedAnywayMs = 2_000;
const missedWorkMs = 30_000;
const trimMs = 3_600_000;

/** Builds the webhooks; nothing is fed or sent before `start`. */
export function createWebhooks(options: WebhooksOptions): WebhooksEngine {
  const { database, log, clock } = options;
  const stopping = new AbortController();
  let settings = options.settings;
  let policy = policyOf(settings);
  const services: SendingServices = {
    database,
    log,
    clock,
    seal: options.seal,
    resolve: options.resolve ?? createResolve(),
    metrics: createWebhookMetrics(options.metrics),
    settings: () => settings,
    policy: () => policy,
    pauses: options.pauses ?? pausesMs,
    random: options.random ?? Math.random,
  };
  const registration = options.jobs.forPlugin(core);
  const jobs: Jobs = registration.api;
  jobs.handle(sendingJob, (job) => sendWaiting(services, job), {
    concurrency: maxWebhooks,
    attempts: 1_000,
    leaseMs: 5_000,
  });

  const feed = createFeed(database, log);
  let fedPosition = -1;
  let fedAtMs = 0;
  const feedAll = async (): Promise<void> => {
    const { position } = options.bus;
    if (position === fedPosition && clock.monotonicMs() - fedAtMs < feedAnywayMs) return;
    while ((await feed()) && !stopping.signal.aborted);
    fedPosition = position;
    fedAtMs = clock.monotonicMs();
  };
  const trim = (): Promise<number> => trimDeliveries(database, settings.retention_days, stopping.signal);
  const running: AsyncDisposable[] = [];

  return {
    registry: createRegistry({ ...services, now: () => clock.now(), signal: stopping.signal }),
    deliveries: createDeliveries(database),
    configure(next) {
      settings = next;
      policy = policyOf(next);
    },
    async start() {
      await registration.prepare();
      registration.activate();
      running.push(
        repeat(lookMs, feedAll, (error) => log.warn({ error }, 'events could not be handed to webhooks')),
        repeat(
          missedWorkMs,
          () => missedWork(database, jobs),
          (error) => log.warn({ error }, 'webhooks without a job could not be looked for'),
        ),
        repeat(trimMs, trim, (error) =>
          log.warn({ error }, 'old deliveries of webhooks could not be removed'),
        ),
      );
    },
    trim,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      for (const one of running.splice(0)) await one[Symbol.asyncDispose]();
      await registration[Symbol.asyncDispose]();
    },
  };
}

/** The core as an owner of jobs. */
const core: Owner = { plugin: 'core', version: '', generation: 0, run: async (_kind, work) => work() };

const longestPauseMs = 5_000;

/** Does work again and again, `intervalMs` after the last time ended; longer after failures, of which the first is told. */
function repeat(
  intervalMs: number,
  work: () => Promise<unknown>,
  failed: (error: unknown) => void,
): AsyncDisposable {
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let failures = 0;
  let ended = false;
  const once = async (): Promise<void> => {
    try {
      await work();
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1) failed(error);
    }
    schedule(Math.max(intervalMs, failures === 0 ? 0 : Math.min(100 * 2 ** failures, longestPauseMs)));
  };
  const schedule = (delayMs: number): void => {
    if (ended) return;
    timer = setTimeout(() => {
      current = once();
    }, delayMs);
  };
  withoutScope(() => schedule(0));
  return {
    async [Symbol.asyncDispose]() {
      ended = true;
      clearTimeout(timer);
      await current;
    },
  };
}

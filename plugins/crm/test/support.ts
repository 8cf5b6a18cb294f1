import { fileURLToPath } from 'node:url';
import { readMigrations } from '../../../core/database/migrate/migration.ts';
import { createAudit } from '../../../core/audit/audit.ts';
import { createBus } from '../../../core/bus/bus-engine.ts';
import { createOwner, silentLog } from '../../../core/bus/test/fixture.ts';
import { createHarness } from '../../../core/http/test/harness.ts';
import { loadSource } from '../../../core/host/packages/source.ts';
import { createJobs } from '../../../core/jobs/engine.ts';
import { testDatabase } from '../../../core/testing/postgres.ts';
import type { AuditRoom } from '../../../core/audit/audit.ts';
import type { Registration } from '../../../core/telemetry/owner.ts';
import type { Bus, Database, Event, Role } from '@orchestrall/sdk';
import { crmContract } from '../contract.ts';
import { importJob, importJobOptions, sweepJob } from '../imports/jobs.ts';
import { createImportRun } from '../imports/run.ts';
import { deleteStaleUploads } from '../imports/store.ts';
import { createContractService, createCrm } from '../service.ts';
import type { CrmConfig } from '../config.ts';
import type { CrmService } from '../contract.ts';

const coreRooms = ['core/audit', 'core/bus', 'core/jobs'];
const pluginFolder = fileURLToPath(new URL('..', import.meta.url));

/** What a request is sent with. */
export interface Sent {
  readonly role?: Role;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back; `body` is parsed JSON, else text. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The shape is what each test claims.
  readonly body: ReturnType<typeof JSON.parse>;
}

/** CRM on real rooms of the core, behind the real gateway. */
export interface CrmAppliance extends AsyncDisposable {
  readonly url: string;
  readonly service: CrmService;
  readonly database: Database;
  readonly audit: AuditRoom;
  /** Sends a request as an operator unless told otherwise; objects go as JSON, text and bytes as they are. */
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** The events of one subject, in order, once there are this many. */
  events(subject: string, count: number): Promise<readonly Event[]>;
  /** The import once it has ended. */
  importEnded(id: string): Promise<Answer['body']>;
  /** Cuts the jobs that run, as a swap of the plugin does, and takes them up again. */
  restartJobs(): Promise<void>;
  /** Switches a consumer of the contract on. */
  consume(plugin: string, subscribe: (bus: Bus) => void): Promise<void>;
}

/** Starts CRM with a database of its own. */
export async function startCrm(config: Partial<CrmConfig> = {}): Promise<CrmAppliance> {
  const loaded = await loadSource(pluginFolder);
  const migrations = await Promise.all(
    coreRooms.map(async (owner) => {
      const folder = fileURLToPath(new URL(`../../../${owner}/migrations`, import.meta.url));
      return { owner, migrations: await readMigrations(folder, owner) };
    }),
  );
  const store = await testDatabase({
    plugins: ['crm', 'greeter'],
    migrations: [...migrations, { owner: 'crm', migrations: loaded.migrations }],
  });
  const engine = await store.open({ poolSize: 12 });
  const audit = createAudit({ database: engine });
  const bus = createBus({ database: engine, log: silentLog });
  const jobs = createJobs({
    database: engine,
    log: silentLog,
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    random: Math.random,
    pollMs: 50,
  });
  engine.connectEffects({ audit: audit.port, enqueue: jobs.enqueuePort });
  await bus.start();
  await jobs.start();
  const owner = createOwner('crm');
  const declared = bus.forPlugin(owner, crmContract.events);
  const database = engine.forPlugin('crm');
  const full = { import_max_bytes: 1_073_741_824, import_batch_rows: 1_000, ...config };
  const startWorking = async () => {
    const registration = jobs.forPlugin(owner);
    const { api } = registration;
    api.handle(importJob, createImportRun(database, full.import_batch_rows), importJobOptions);
    api.handle(sweepJob, async () => void (await deleteStaleUploads(database)));
    await registration.prepare();
    registration.activate();
    return registration;
  };
  let working = await startWorking();
  const crm = createCrm({ config: full, database, jobs: working.api });
  const http = await createHarness();
  const child = await http.plugin('crm', ['/api/v1/crm']);
  await loaded.registerRoutes(child.instance, crm);
  await child.instance.ready();
  await declared.prepare();
  declared.activate();
  const consumers: Registration<Bus>[] = [];
  http.gateway.setTable([{ prefix: '/api/v1/crm', target: child.target }]);
  const url = await http.listen();

  const appliance: CrmAppliance = {
    url,
    service: createContractService(crm),
    database,
    audit,
    async send(method, path, { role = 'operator', body, headers = {} } = {}) {
      const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
      const response = await fetch(`${url}/api/v1/crm${path}`, {
        method,
        headers: {
          authorization: `Bearer ${role}-token`,
          ...(body === undefined ? {} : { 'content-type': raw ? 'text/csv' : 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: raw ? toBody(body) : JSON.stringify(body) }),
      });
      const text = await response.text();
      const json = /json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
    },
    events: (subject, count) =>
      eventually(async () => {
        const { items } = await bus.history.query({ subject, limit: 1_000 }, ['admin']);
        return items.length >= count
          ? items.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
          : undefined;
      }),
    importEnded: (id) =>
      eventually(async () => {
        const { body } = await appliance.send('GET', `/imports/${id}`);
        return body.finished_at === null ? undefined : body;
      }),
    async restartJobs() {
      await working[Symbol.asyncDispose]();
      working = await startWorking();
    },
    async consume(plugin, subscribe) {
      const consumer = bus.forPlugin(createOwner(plugin), []);
      consumers.push(consumer);
      subscribe(consumer.api);
      await consumer.prepare();
      consumer.activate();
    },
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      for (const registration of [working, ...consumers, declared]) await registration[Symbol.asyncDispose]();
      await jobs[Symbol.asyncDispose]();
      await bus.stop();
      await store[Symbol.asyncDispose]();
    },
  };
  return appliance;
}

function toBody(body: string | Uint8Array | undefined): string | Buffer {
  return typeof body === 'string' ? body : Buffer.from(body ?? []);
}

/** Asks again until there is an answer; rejects after a generous time. */
export async function eventually<Result>(
  ask: () => Promise<Result | undefined>,
  deadlineMs = 120_000,
): Promise<Result> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const result = await ask();
    if (result !== undefined) return result;
    if (performance.now() > until) throw new Error('it did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

import { fileURLToPath } from 'node:url';
import { createTestAppliance } from '@orchestrall/core/testing';
import type { TestAppliance, TestDatabase } from '@orchestrall/core/testing';
import type { Database, Event, Role } from '@orchestrall/sdk';
import type { CrmConfig } from '../config.ts';

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

/** A real appliance with CRM switched on, and beside it the greeter, which consumes CRM's contract. */
export interface CrmAppliance extends AsyncDisposable {
  readonly appliance: TestAppliance;
  readonly url: string;
  /** CRM's own schema, as its role sees it. */
  readonly database: Database;
  /** Sends a request as an operator unless told otherwise; objects go as JSON, text and bytes as they are. */
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** The record that a `POST` of these fields makes. */
  create(kind: 'contacts' | 'companies' | 'deals', fields: object): Promise<Answer['body']>;
  /** The id of a user who is made with this name, to own records. */
  user(name: string): Promise<string>;
  /** The events of one subject, in order, once there are this many. */
  events(subject: string, count: number): Promise<readonly Event[]>;
  /** What was audited about one record, newest first. */
  audited(subject: string): Promise<readonly object[]>;
  /** The import once it has ended. */
  importEnded(id: string): Promise<Answer['body']>;
  /** Swaps CRM for a new generation, which cuts the jobs that run and takes them up again. */
  reload(): Promise<void>;
}

/** Name under which requests of tests are recorded. */
export const callerName = 'orchestrall-local';

const greeter = fileURLToPath(new URL('fixtures/greeter', import.meta.url));

/** Other things that an appliance is started with. */
export interface CrmOptions {
  /** A database that outlives it, for a test to look into. */
  readonly database?: Pick<TestDatabase, 'connection'>;
  /** Folders of further plugins. */
  readonly plugins?: readonly string[];
  /** Sections of `features` beside CRM's. */
  readonly features?: Readonly<Record<string, unknown>>;
  /** What is added to the section `security`. */
  readonly security?: Readonly<Record<string, unknown>>;
}

/** Starts an appliance with a database of its own; `greets` switches the greeter on, default false. */
export async function startCrm(
  config: Partial<CrmConfig> = {},
  greets = false,
  { database, plugins = [], features = {}, security = {} }: CrmOptions = {},
): Promise<CrmAppliance> {
  const rate_limit = { requests_per_minute: 10_000_000, burst_size: 10_000_000 };
  const appliance = await createTestAppliance({
    ...(database === undefined ? {} : { database }),
    configuration: {
      security: { rate_limit, ...security },
      features: { crm_integration: { enabled: true, config }, greeter: greets, ...features },
      plugins: { paths: [greeter, ...plugins] },
    },
  });
  const { rooms } = appliance.appliance;
  const crm: CrmAppliance = {
    appliance,
    url: appliance.url,
    database: rooms.database.forPlugin('crm'),
    async send(method, path, { role = 'operator', body, headers = {} } = {}) {
      const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
      const response = await fetch(`${appliance.url}/api/v1/crm${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await appliance.token(role)}`,
          ...(body === undefined ? {} : { 'content-type': raw ? 'text/csv' : 'application/json' }),
          // Any version, unless a test says which.
          ...(method === 'PATCH' || method === 'DELETE' ? { 'if-match': '*' } : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: raw ? toBody(body) : JSON.stringify(body) }),
      });
      const text = await response.text();
      const json = /json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
    },
    async create(kind, fields) {
      const { status, body } = await crm.send('POST', `/${kind}`, { body: fields });
      if (status !== 201) throw new Error(`it was not created: ${JSON.stringify(body)}`);
      return body;
    },
    user: async (name) => (await rooms.auth.users.create({ name, roles: ['viewer'] })).user.id,
    events: (subject, count) =>
      eventually(async () => {
        const { items } = await rooms.bus.history.query({ subject, limit: 1_000 }, ['admin']);
        return items.length >= count
          ? items.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
          : undefined;
      }),
    audited: async (subject) => (await rooms.audit.list({ subjectId: subject })).items,
    importEnded: (id) =>
      eventually(async () => {
        const { body } = await crm.send('GET', `/imports/${id}`);
        return body.finished_at === null ? undefined : body;
      }),
    async reload() {
      const response = await appliance.request('POST', '/api/v1/system/plugins/crm/reload');
      if (response.status !== 200) throw new Error(`CRM was not reloaded: ${await response.text()}`);
    },
    [Symbol.asyncDispose]: () => appliance[Symbol.asyncDispose](),
  };
  return crm;
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

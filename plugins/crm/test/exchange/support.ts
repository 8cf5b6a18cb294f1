import { generateKeyPairSync } from 'node:crypto';
import { createTestAppliance } from '@orchestrall/core/testing';
import type { TestAppliance, TestApplianceOptions } from '@orchestrall/core/testing';
import type { Database } from '@orchestrall/sdk';
import { FaultPlan } from '../salesforce/stand-in/faults.ts';
import { StandInOrg } from '../salesforce/stand-in/org.ts';
import { startStandIn } from '../salesforce/stand-in/server.ts';
import type { StandIn } from '../salesforce/stand-in/server.ts';
import { eventually } from '../support.ts';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

/** The secret of the stand-in's app. */
export const clientSecret = 'the-secret-of-the-app';

/** An organisation with a server in front of it whose clock is the machine's. */
export interface Outside extends AsyncDisposable {
  readonly org: StandInOrg;
  readonly standIn: StandIn;
  readonly faults: FaultPlan;
  /** Brings its clock to now, as is done ten times a second. */
  tick(): void;
}

/** Starts an organisation. */
export async function startOutside(faults: FaultPlan = new FaultPlan()): Promise<Outside> {
  // Its beginning lies behind every overlap.
  const org = new StandInOrg(Date.now() - 3_600_000);
  const app = {
    clientId: 'app',
    clientSecret,
    username: 'sync@acme.example',
    audience: 'https://login.salesforce.com',
    publicKey,
  };
  const standIn = await startStandIn({ org, faults, app });
  const tick = (): void => org.advance(Math.max(0, Date.now() - org.nowMs));
  const clock = setInterval(tick, 100);
  return {
    org,
    standIn,
    faults,
    tick,
    async [Symbol.asyncDispose]() {
      clearInterval(clock);
      await standIn[Symbol.asyncDispose]();
    },
  };
}

/** The configuration of a client whose CRM is connected with an organisation; `config` goes over CRM's. */
export function connected(url: string, config: object = {}, provider = 'salesforce') {
  return {
    features: {
      crm_integration: {
        enabled: true,
        provider,
        config: {
          instance_url: url,
          sign_in: { method: 'client_credentials', client_id: 'app', client_secret: clientSecret },
          // Runs are started by the tests.
          sync: { schedule: '0 0 1 1 *', overlap_seconds: 60 },
          ...config,
        },
      },
    },
    plugins: { hosts: { crm: [new URL(url).host] } },
  };
}

/** What came back; `body` is parsed JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The shape is what each test claims.
  readonly body: ReturnType<typeof JSON.parse>;
}

/** An appliance whose CRM is connected with an organisation. */
export interface Connected extends AsyncDisposable {
  readonly appliance: TestAppliance;
  readonly database: Database;
  /** Sends a request below `/api/v1/crm` as an administrator. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Starts a run and gives it once it has ended. */
  run(input?: object): Promise<Answer['body']>;
  /** A run that has ended. */
  ended(id: string): Promise<Answer['body']>;
  /** All records of a kind. */
  all(kind: string): Promise<Answer['body'][]>;
}

/** Starts an appliance. */
export async function startConnected(
  url: string,
  config: object = {},
  options: TestApplianceOptions = {},
): Promise<Connected> {
  const appliance = await createTestAppliance({ configuration: connected(url, config), ...options });
  const plugin: Answer['body'] = await (await appliance.request('GET', '/api/v1/system/plugins/crm')).json();
  if (plugin.state !== 'active') throw new Error(`CRM is ${plugin.state}: ${plugin.reason}`);
  return connectedTo(appliance);
}

/** The same of an appliance that is there. */
export function connectedTo(appliance: TestAppliance): Connected {
  const { rooms } = appliance.appliance;
  const send: Connected['send'] = async (method, path, body, headers = {}) => {
    const changes = method === 'PATCH' || method === 'DELETE' ? { 'if-match': '*' } : {};
    const response = await appliance.request(method, `/api/v1/crm${path}`, {
      ...(body === undefined ? {} : { body }),
      headers: { ...changes, ...headers },
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  };
  const ended: Connected['ended'] = async (id) =>
    eventually(async () => {
      const { body } = await send('GET', `/sync/runs/${id}`);
      return body.finished_at === null ? undefined : body;
    });
  return {
    appliance,
    database: rooms.database.forPlugin('crm'),
    send,
    ended,
    async run(input = {}) {
      const { status, body } = await send('POST', '/sync/runs', input);
      if (status !== 202) throw new Error(`no run was started: ${JSON.stringify(body)}`);
      return ended(body.id);
    },
    async all(kind) {
      const items: Answer['body'][] = [];
      for (let cursor = ''; ;) {
        const { body } = await send('GET', `/${kind}?limit=200${cursor}`);
        items.push(...body.items);
        if (body.next_cursor === null) return items;
        cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
      }
    },
    [Symbol.asyncDispose]: () => appliance[Symbol.asyncDispose](),
  };
}

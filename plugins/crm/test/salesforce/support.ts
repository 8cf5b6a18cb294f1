import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Secret } from '@orchestrall/sdk';
import type { Effects } from '../../salesforce/client/exchange.ts';
import { createTransport } from '../../salesforce/client/transport.ts';
import type { Transport } from '../../salesforce/client/transport.ts';
import type { SalesforceConfig } from '../../salesforce/config.ts';
import { createSalesforceSource } from '../../salesforce/source.ts';
import type { RecordSource } from '../../provider.ts';
import { FaultPlan } from './stand-in/faults.ts';
import { StandInOrg } from './stand-in/org.ts';
import { startStandIn } from './stand-in/server.ts';
import type { StandIn } from './stand-in/server.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** When the stand-in's clock begins. */
export const startMs = Date.parse('2026-11-02T08:00:00.000Z');

/** The secret of the stand-in's app. */
export const clientSecret = 'the-secret-of-the-app';

/** How a test signs in. */
export const signIns = {
  client_credentials: {
    method: 'client_credentials',
    client_id: 'app',
    client_secret: new Secret(clientSecret),
  },
  jwt_bearer: {
    method: 'jwt_bearer',
    client_id: 'app',
    username: 'sync@acme.example',
    private_key: new Secret(pem),
  },
} as const satisfies Record<string, SalesforceConfig['sign_in']>;

/** A stand-in with a client of it whose pauses pass on the stand-in's clock. */
export interface Harness extends AsyncDisposable {
  readonly org: StandInOrg;
  readonly standIn: StandIn;
  readonly effects: Effects;
  readonly config: SalesforceConfig;
  /** Pauses that were waited out, milliseconds. */
  readonly pauses: number[];
  transport(config?: Partial<SalesforceConfig>): Transport;
  source(): RecordSource;
}

/** Starts a stand-in and makes clients of it. */
export async function startHarness(faults: FaultPlan = new FaultPlan(), apiLimit?: number): Promise<Harness> {
  const org = new StandInOrg(startMs);
  const app = {
    clientId: 'app',
    clientSecret,
    username: 'sync@acme.example',
    audience: 'https://login.salesforce.com',
    publicKey: pair.publicKey,
  };
  const limit = apiLimit === undefined ? {} : { apiLimit };
  const standIn = await startStandIn({ org, faults, app, ...limit });
  const pauses: number[] = [];
  const effects: Effects = {
    fetch,
    now: () => new Date(org.nowMs),
    random: () => faults.random(),
    wait: async (delayMs, signal) => {
      signal.throwIfAborted();
      pauses.push(delayMs);
      org.advance(delayMs);
      await pause(0);
    },
    signal: new AbortController().signal,
  };
  const config: SalesforceConfig = {
    instance_url: standIn.url,
    api_version: '62.0',
    sign_in: signIns.client_credentials,
    api_reserve_percent: 10,
  };
  return {
    org,
    standIn,
    effects,
    config,
    pauses,
    transport: (more = {}) => createTransport({ ...config, ...more }, effects),
    source: () => createSalesforceSource(createTransport(config, effects), config, effects),
    [Symbol.asyncDispose]: async () => standIn[Symbol.asyncDispose](),
  };
}

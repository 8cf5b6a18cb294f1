import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { startEmbeddedServer } from '../../database/embedded/server.ts';
import { createAppliance } from '../../kernel/appliance.ts';
import { runClient } from '../test/load/clients.ts';
import { Gate } from '../test/load/gate.ts';
import { echoMessages, readEvents } from '../test/load/readers.ts';
import { Tally } from '../test/load/tally.ts';
import { slowContact } from './slow-contact.ts';

export type SwitchedPlugin = 'crm' | 'traffic';

/** A real appliance under load, whose CRM and fixture `traffic` can be switched. */
export interface SwapWorld extends AsyncDisposable {
  readonly gate: Gate;
  /** Of requests, and of the core's own event stream. */
  readonly tally: Tally;
  /** Of an event stream and a WebSocket that `traffic` itself serves: each switch ends them. */
  readonly streams: Tally;
  /** Edits the client's YAML for both plugins. */
  edit(on: boolean): Promise<void>;
  /** Resolves once the plugin is on, or off. */
  until(plugin: SwitchedPlugin, on: boolean): Promise<void>;
  /** Calls the API; resolves with its answer, which comes once the change is in effect. */
  call(plugin: SwitchedPlugin, on: boolean): Promise<void>;
  /** Ends the load; everything in flight is in the tally then. */
  end(): Promise<void>;
  /** Generations that were cut or left something behind. */
  faultyDrains(): number;
}

const requestsPerSecond = 200;
const clients = 10;
/** How often the switch is looked at while an edit takes effect. */
const lookMs = 1;

const yamlOf = (on: boolean): string =>
  stringify({
    client: { id: 'bench' },
    features: { crm_integration: on, traffic: on },
    plugins: { paths: [join(import.meta.dirname, '..', 'test', 'fixtures', 'live', 'traffic')] },
    security: {
      // A stream ends with its token; here only swaps are to end streams.
      jwt_expiry: 86_400,
      rate_limit: { requests_per_minute: 10_000_000, burst_size: 10_000_000 },
    },
  });

/** Starts everything; the load runs when it resolves. */
export async function openWorld(): Promise<SwapWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrall-swap-'));
  const file = join(folder, 'client.yaml');
  const write = async (on: boolean): Promise<void> => {
    await writeFile(`${file}.new`, yamlOf(on));
    await rename(`${file}.new`, file);
  };
  await write(true);
  const server = await startEmbeddedServer({
    folder: join(folder, 'postgres'),
    database: 'postgres',
    durable: false,
  });
  let faulty = 0;
  const appliance = await createAppliance({
    file,
    dataFolder: folder,
    environment: {},
    overrides: { 'server.port': '0' },
    connection: server.connection,
    logDestination: {
      write: (line) => {
        const record: { readonly cut?: number; readonly leaked?: readonly string[] } = JSON.parse(line);
        const { cut = 0, leaked = [] } = record;
        if (cut > 0 || leaked.length > 0) faulty += 1;
      },
    },
  });
  const { url, host } = appliance;
  const gate = new Gate();
  const tally = new Tally(gate);
  const streams = new Tally(gate);
  const ending = new AbortController();
  const { signal } = ending;
  const token = await appliance.rooms.auth.issueLocalToken('admin');
  const headers = { authorization: `Bearer ${token}` };
  const contacts = { url: `${url}/api/v1/crm/contacts` };
  let created = 0;
  const load = Promise.all([
    ...Array.from({ length: clients }, async () =>
      runClient({
        tally,
        kind: 'list',
        everyMs: (1000 * clients) / requestsPerSecond,
        signal,
        asking: () => ({ ...contacts, url: `${contacts.url}?limit=10`, headers }),
      }),
    ),
    runClient({
      tally,
      kind: 'slow upload',
      everyMs: 0,
      signal,
      asking: () => ({
        ...contacts,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: () => slowContact((created += 1)),
      }),
    }),
    runClient({
      tally,
      kind: 'slow answer',
      everyMs: 0,
      signal,
      asking: () => ({ url: `${url}/api/v1/traffic/slow?ms=5000` }),
    }),
    readEvents({ tally, url: `${url}/sse/events`, headers, signal }),
    readEvents({ tally: streams, url: `${url}/api/v1/traffic/ticks`, signal }),
    echoMessages({ tally: streams, url: `${url}/api/v1/traffic/echo`, signal }),
  ]);
  return {
    gate,
    tally,
    streams,
    edit: write,
    async until(plugin, on) {
      const wanted = on ? 'active' : 'off';
      while (host.get(plugin).state !== wanted) await pause(lookMs);
    },
    async call(plugin, on) {
      const verb = on ? 'enable' : 'disable';
      const answer = await fetch(`${url}/api/v1/system/plugins/${plugin}/${verb}`, {
        method: 'POST',
        headers,
      });
      await answer.arrayBuffer();
      if (answer.status !== 200) tally.unexpected.push(`${verb} ${plugin}: ${answer.status}`);
    },
    async end() {
      ending.abort();
      await load;
    },
    faultyDrains: () => faulty,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await appliance.stop('the benchmark has ended');
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

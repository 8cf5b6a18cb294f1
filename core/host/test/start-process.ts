import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RequestOptions } from '../../testing/appliance.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { ProcessMessage, ProcessOptions } from './appliance-process.ts';

/** An appliance in a process of its own, where no test runner listens for uncaught errors. */
export interface ApplianceProcess extends AsyncDisposable {
  readonly url: string;
  readonly logs: readonly Readonly<Record<string, unknown>>[];
  /** Undefined while it runs. */
  readonly exitCode: number | null;
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
  configure(configuration: Readonly<Record<string, unknown>>): Promise<void>;
}

const client = {
  client: { id: 'test' },
  security: { rate_limit: { requests_per_minute: 10_000_000, burst_size: 10_000_000 } },
};

/** Starts an appliance with these plugins and resolves once it is ready. */
export async function startApplianceProcess(options: {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly repository: string;
}): Promise<ApplianceProcess> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'orchestrall-process-'));
  const file = join(dataFolder, 'client.yaml');
  const configure = async (configuration: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFile(file, stringify({ ...client, ...configuration }));
  await configure(options.configuration);
  const database = await testDatabase();
  const child = fork(join(import.meta.dirname, 'appliance-process.ts'), { execArgv: [] });
  const logs: Readonly<Record<string, unknown>>[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<{ url: string; token: string }>();
  child.on('message', (message: ProcessMessage) => {
    if (message.kind === 'ready') resolve(message);
    else logs.push(message.record);
  });
  child.once('exit', (code) => reject(new Error(`the appliance ended with ${code}`)));
  const { connection } = database;
  const sent: ProcessOptions = { file, dataFolder, connection, repository: options.repository };
  child.send(sent);
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.disconnect();
      const harder = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await exit;
      clearTimeout(harder);
    }
    await database[Symbol.asyncDispose]();
    await rm(dataFolder, { recursive: true, force: true });
  };
  try {
    const { url, token } = await ready;
    return {
      url,
      logs,
      get exitCode() {
        return child.exitCode;
      },
      configure,
      async request(method, path, { headers = {} } = {}) {
        return fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers } });
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

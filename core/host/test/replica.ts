import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RequestOptions, TestAppliance } from '../../testing/appliance.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import type { ProcessMessage, ProcessOptions } from './appliance-process.ts';

/** A replica in a process of its own, which may be killed. */
export interface Replica extends AsyncDisposable {
  readonly url: string;
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Sends a request as an administrator; the body as JSON. */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
  /** Ends it as a power cut would. */
  kill(): void;
}

/** How a replica is started: with the plugins and the client's YAML of the appliance that it stands beside. */
export interface ReplicaOptions {
  readonly repository: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** Starts a replica beside the first one, on the same database and with its appliance key. */
export async function startReplica(
  { connection }: Pick<TestDatabase, 'connection'>,
  first: Pick<TestAppliance, 'dataFolder'>,
  { repository, configuration }: ReplicaOptions,
): Promise<Replica> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'orchestrall-replica-'));
  await copyFile(join(first.dataFolder, 'appliance.key'), join(dataFolder, 'appliance.key'));
  const file = join(dataFolder, 'client.yaml');
  await writeFile(file, stringify({ client: { id: 'test' }, ...configuration }));
  const child = fork(join(import.meta.dirname, 'appliance-process.ts'), { execArgv: [] });
  const ended = once(child, 'exit').then(([, signal]: unknown[]) => signal as NodeJS.Signals | null);
  const { promise: ready, resolve, reject } = Promise.withResolvers<{ url: string; token: string }>();
  child.on('message', (message: ProcessMessage) => {
    if (message.kind === 'ready') resolve(message);
  });
  void ended.then((signal) => reject(new Error(`the replica ended with ${signal}`)));
  child.send({ file, dataFolder, connection, repository } satisfies ProcessOptions);
  const dispose = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    const harder = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(harder);
    await rm(dataFolder, { recursive: true, force: true });
  };
  try {
    const { url, token } = await ready;
    return {
      url,
      ended,
      kill: () => void child.kill('SIGKILL'),
      async request(method, path, { body, headers = {} } = {}) {
        return fetch(`${url}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

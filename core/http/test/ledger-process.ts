import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ProcessMessage, ProcessOptions } from '../../host/test/appliance-process.ts';
import type { RequestOptions, TestAppliance } from '../../testing/appliance.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { fixtures, ledgerClient } from './keyed-requests.ts';

const script = join(import.meta.dirname, '..', '..', 'host', 'test', 'appliance-process.ts');

/** A replica with the ledger in a process of its own, which may be killed. */
export interface LedgerProcess extends AsyncDisposable {
  readonly url: string;
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
}

/** Starts a replica beside the first one, on the same database and with its appliance key. */
export async function startLedgerProcess(
  { connection }: Pick<TestDatabase, 'connection'>,
  first: Pick<TestAppliance, 'dataFolder'>,
): Promise<LedgerProcess> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'orchestrall-ledger-process-'));
  await copyFile(join(first.dataFolder, 'appliance.key'), join(dataFolder, 'appliance.key'));
  const file = join(dataFolder, 'client.yaml');
  await writeFile(file, stringify({ client: { id: 'test' }, ...ledgerClient }));
  const child = fork(script, { execArgv: [] });
  const ended = once(child, 'exit').then(([, signal]: unknown[]) => signal as NodeJS.Signals | null);
  const { promise: ready, resolve, reject } = Promise.withResolvers<{ url: string; token: string }>();
  child.on('message', (message: ProcessMessage) => {
    if (message.kind === 'ready') resolve(message);
  });
  void ended.then((signal) => reject(new Error(`the replica ended with ${signal}`)));
  child.send({ file, dataFolder, connection, repository: fixtures } satisfies ProcessOptions);
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
      async request(method, path, { body, headers = {} } = {}) {
        return fetch(`${url}${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
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

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { productNodeOptions, startProcess } from '@orchestrall/core/testing';

const launcher = fileURLToPath(new URL('../../../core/launch.js', import.meta.url));
const run = promisify(execFile);

/** The product as its users start it: a process of its own with an embedded PostgreSQL. */
export interface ApplianceProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Its data folder. */
  readonly data: string;
  /** Headers of a role, default an operator; asks for a new token with each call, since tokens live for minutes only. */
  authorization(role?: string): Promise<Record<string, string>>;
}

/** A data folder on which the product is started, again and again where it is killed. */
export interface ApplianceFolder extends AsyncDisposable {
  readonly data: string;
  /** Starts `core/launch.js start` on it. Disposing the process leaves the folder, disposing the folder removes it. */
  start(): Promise<ApplianceProcess>;
}

/** Makes a fresh data folder; default for the built-in client. */
export async function createApplianceFolder(clientYaml?: string): Promise<ApplianceFolder> {
  const data = await mkdtemp(join(tmpdir(), 'orchestrall-bench-'));
  const parameters = ['start', '--data', data, '--port', '0'];
  if (clientYaml !== undefined) {
    await writeFile(join(data, 'client.yaml'), clientYaml);
    parameters.push('--config', join(data, 'client.yaml'));
  }
  return {
    data,
    async start() {
      const { url, pid, ...started } = await startProcess(launcher, parameters, {
        nodeOptions: productNodeOptions,
      });
      return {
        url,
        pid,
        data,
        async authorization(role = 'operator') {
          const { stdout } = await run(process.execPath, [launcher, 'token', '--data', data, '--role', role]);
          return { authorization: `Bearer ${stdout.trim()}` };
        },
        [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => rm(data, { recursive: true, force: true }),
  };
}

/** As `createApplianceFolder`, started once; the folder is removed with the process. */
export async function startApplianceProcess(clientYaml?: string): Promise<ApplianceProcess> {
  const folder = await createApplianceFolder(clientYaml);
  const started = await folder.start();
  return {
    ...started,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

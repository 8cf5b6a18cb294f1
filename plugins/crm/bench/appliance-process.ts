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

/** Starts `core/launch.js start` on a fresh data folder, which is removed with it; default the built-in client. */
export async function startApplianceProcess(clientYaml?: string): Promise<ApplianceProcess> {
  const data = await mkdtemp(join(tmpdir(), 'orchestrall-bench-'));
  const parameters = ['start', '--data', data, '--port', '0'];
  if (clientYaml !== undefined) {
    await writeFile(join(data, 'client.yaml'), clientYaml);
    parameters.push('--config', join(data, 'client.yaml'));
  }
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
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await rm(data, { recursive: true, force: true });
    },
  };
}

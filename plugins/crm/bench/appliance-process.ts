import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
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
  /** Headers of an operator; asks for a new token with each call, since tokens live for minutes only. */
  authorization(): Promise<Record<string, string>>;
}

/** Starts `core/launch.js start` on a fresh data folder, which is removed with it. */
export async function startApplianceProcess(): Promise<ApplianceProcess> {
  const data = await mkdtemp(join(tmpdir(), 'orchestrall-bench-'));
  const parameters = ['start', '--data', data, '--port', '0'];
  const { url, pid, ...started } = await startProcess(launcher, parameters, {
    nodeOptions: productNodeOptions,
  });
  const tokenOf = ['token', '--data', data, '--role', 'operator'];
  return {
    url,
    pid,
    async authorization() {
      const { stdout } = await run(process.execPath, [launcher, ...tokenOf]);
      return { authorization: `Bearer ${stdout.trim()}` };
    },
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await rm(data, { recursive: true, force: true });
    },
  };
}

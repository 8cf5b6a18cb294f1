import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Role } from '@orchestrall/sdk';

/** Root of the repository. */
export const repository = join(import.meta.dirname, '..', '..', '..');

/** Rate limits that no test reaches; everything else as in the product. */
export const unlimitedClient = `client:
  id: test
security:
  rate_limit: { requests_per_minute: 10000000, burst_size: 10000000 }
features:
  crm_integration: true
`;

/** How a process of the product is run. */
export interface RunOptions {
  /** `npm` runs the script as a person does; `node` runs the launcher; default `node`. */
  readonly by?: 'npm' | 'node';
  /** Program and parameters to run it through, such as `setpriv`. */
  readonly through?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A copy of the repository to run; default the one of the test. */
  readonly repository?: string;
  /** Makes it the first of a process group of its own, as a terminal does; default false. */
  readonly grouped?: boolean;
  /** Working folder; default the system's temporary folder. */
  readonly folder?: string;
}

/** A process of the product and what it has written so far. */
export interface ProductProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves once it has ended and its streams are read: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Spawns a command of the product, `start`, `token` or `reset-password`. */
export function spawnProduct(
  command: string,
  parameters: readonly string[],
  options: RunOptions = {},
): ProductProcess {
  const { by = 'node', through = [], environment = {}, repository: root = repository } = options;
  const program =
    by === 'npm'
      ? ['npm', '--prefix', root, 'run', '--silent', command, '--', ...parameters]
      : [process.execPath.replace(repository, root), join(root, 'core', 'launch.js'), command, ...parameters];
  const [first = '', ...rest] = [...through, ...program];
  const child = spawn(first, rest, {
    cwd: options.folder ?? tmpdir(),
    env: { ...inherited(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.grouped ?? false,
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'close').then(() => child.signalCode ?? child.exitCode ?? -1);
  return { child, output: () => output, errors: () => errors, ended };
}

/** The environment without what npm and vitest add to it, so that nothing of the test's own start leaks in. */
function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(npm_|INIT_CWD$|VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(name),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']));
}

/** An appliance in a process of its own. */
export interface RunningAppliance extends ProductProcess, AsyncDisposable {
  readonly url: string;
  readonly data: string;
  /** Process number of the appliance itself, also where npm runs it. */
  readonly pid: number;
  /** An access token, as `npm run -s token` gives it. */
  token(role?: Role): Promise<string>;
  /** Sends a request with an administrator's token; a body that is no text is sent as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

const deadlineMs = 60_000;

/** Starts an appliance on a data folder and waits until it is ready; throws with what it wrote when it ends before. */
export async function startProduct(
  data: string,
  parameters: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunningAppliance> {
  const started = spawnProduct('start', ['--data', data, '--port', '0', ...parameters], options);
  const url = await readyUrl(started);
  const tokens = new Map<Role, Promise<string>>();
  const token = async (role: Role = 'admin'): Promise<string> => {
    const known = tokens.get(role) ?? freshToken(resolve(options.folder ?? tmpdir(), data), role);
    tokens.set(role, known);
    return known;
  };
  return {
    ...started,
    url,
    data: resolve(options.folder ?? tmpdir(), data),
    pid: options.by === 'npm' ? await soleChild(started.child.pid ?? 0) : (started.child.pid ?? 0),
    token,
    async request(method, path, body, headers = {}) {
      const isText = typeof body === 'string' || body === undefined;
      return fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await token()}`,
          ...(isText ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
      });
    },
    async [Symbol.asyncDispose]() {
      if (started.child.exitCode === null && started.child.signalCode === null) started.child.kill('SIGTERM');
      await started.ended;
    },
  };
}

async function readyUrl({ child, output, errors, ended }: ProductProcess): Promise<string> {
  const { promise, resolve: ready, reject } = Promise.withResolvers<string>();
  const look = (): void => {
    const found = /^Orchestrall ready at (\S+)\n/m.exec(output())?.[1];
    if (found !== undefined) ready(found);
  };
  child.stdout?.on('data', look);
  const late = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new Error(`not ready after ${deadlineMs} ms: ${output()}${errors()}`));
  }, deadlineMs);
  ended.then(
    (end) => reject(new Error(`the start ended with ${end}: ${errors()}${output()}`)),
    (error: unknown) => reject(error),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    child.stdout?.off('data', look);
  }
}

async function freshToken(data: string, role: Role): Promise<string> {
  const asked = spawnProduct('token', ['--data', data, '--role', role]);
  const end = await asked.ended;
  if (end !== 0) throw new Error(`no token (${end}): ${asked.errors()}`);
  return asked.output().trim();
}

/** The process that another one has spawned: npm's script, which has become the appliance. */
async function soleChild(parent: number): Promise<number> {
  return Number((await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim());
}

/** A folder of a test's own, gone when disposed. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file in it and gives its path. */
  write(name: string, text: string): Promise<string>;
}

/** Makes a folder that holds the data of one appliance and its client file. */
export async function testFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'orchestrall-process-'));
  return {
    path,
    async write(name, text) {
      await writeFile(join(path, name), text);
      return join(path, name);
    },
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

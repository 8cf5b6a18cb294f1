// From spawn to the ready line, each in a process of its own, in turn, medians: the core with twenty plugins on a
// PostgreSQL that runs already, against a NestJS application with one controller and against Fastify with one route;
// then the whole appliance with its own PostgreSQL, first on an empty data folder, then again. All keep their
// compiled code between starts, as the product does; the peers' times without that are printed as well.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startEmbeddedServer } from '../../database/embedded/server.ts';
import { compared, figure, median, report } from '../../testing/bench/measure.ts';
import type { BenchRow } from '../../testing/bench/measure.ts';
import { productNodeOptions, startProcess } from '../../testing/bench/started-process.ts';
import { writeTrivialPlugins } from './trivial-plugins.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const firstStarts = Math.min(3, rounds);
const plugins = 20;
const launch = join(import.meta.dirname, '../../launch.js');
const peer = (name: string): string => join(import.meta.dirname, 'peers', `${name}.ts`);

const folder = await mkdtemp(join(tmpdir(), 'orchestrall-start-bench-'));
const pluginFolder = join(folder, 'plugins');
const cache = { NODE_COMPILE_CACHE: join(folder, 'compiled'), BENCH_COMPILE_CACHE: '1' };

async function writeClient(name: string, database: object): Promise<string> {
  const file = join(folder, name);
  const switches = Array.from({ length: plugins }, (_, index) => [`trivial_${index + 1}`, true]);
  const features = { crm_integration: false, ...Object.fromEntries(switches) };
  const client = { client: { id: 'bench' }, features, plugins: { paths: [pluginFolder] } };
  await writeFile(file, stringify({ ...client, ...database }));
  return file;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('no port was given');
  return address.port;
}

async function started(
  program: string,
  parameters: readonly string[] = [],
  environment: Readonly<Record<string, string>> = cache,
): Promise<number> {
  const isOurs = program === launch;
  const nodeOptions = isOurs ? productNodeOptions : [];
  await using child = await startProcess(program, parameters, { environment, nodeOptions });
  await checkAnswers(child.url, isOurs);
  return child.readyMs;
}

/** A start counts only when what was started serves its routes. */
async function checkAnswers(url: string, isOurs: boolean): Promise<void> {
  const paths = isOurs
    ? Array.from({ length: plugins }, (_, index) => `/api/v1/trivial-${index + 1}/records/7`)
    : ['/api/v1/records/7'];
  for (const path of paths) {
    const response = await fetch(`${url}${path}`);
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
    await response.body?.cancel();
  }
}

try {
  await writeTrivialPlugins(pluginFolder, plugins);
  await using postgres = await startEmbeddedServer({
    folder: join(folder, 'external'),
    loopbackPort: await freePort(),
  });
  const { user, password, port, database } = postgres.connection;
  const external = await writeClient('external.yaml', {
    database: { url: `postgresql://${user}:${password}@127.0.0.1:${port}/${database}?sslmode=disable` },
  });
  const whole = await writeClient('whole.yaml', {});
  const ours = (file: string, data: string): Promise<number> =>
    started(launch, ['start', '--config', file, '--data', join(folder, data), '--port', '0']);

  const first: number[] = [];
  for (let round = 0; round < firstStarts; round += 1) first.push(await ours(whole, `whole-${round}`));
  const subjects = {
    core: () => ours(external, 'core'),
    nest: () => started(peer('nest')),
    fastify: () => started(peer('fastify')),
    plainNest: () => started(peer('nest'), [], {}),
    plainFastify: () => started(peer('fastify'), [], {}),
    whole: () => ours(whole, 'whole-0'),
  };
  const times = new Map<keyof typeof subjects, number[]>();
  const names = ['core', 'nest', 'fastify', 'plainNest', 'plainFastify', 'whole'] as const;
  for (const name of names) await subjects[name]();
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      times.set(name, [...(times.get(name) ?? []), await subjects[name]()]);
    }
  }
  const of = (name: keyof typeof subjects): number => median(times.get(name) ?? []);
  const core = 'start, core and 20 plugins on a running PostgreSQL';
  const line = (name: string, peerName: keyof typeof subjects, atMost?: number): BenchRow =>
    compared({
      name: `${core}, against ${name}`,
      ours: of('core'),
      peer: of(peerName),
      unit: 'ms',
      ...(atMost === undefined ? {} : { atMost }),
    });
  report([
    line('a one-controller NestJS application', 'nest', 1),
    line('bare Fastify', 'fastify', 3),
    line('NestJS without kept compiled code', 'plainNest'),
    line('bare Fastify without kept compiled code', 'plainFastify'),
    figure(
      'first start, embedded PostgreSQL on an empty folder',
      median(first),
      'ms',
      '<= 15,000',
      median(first) <= 15_000,
    ),
    figure('later start, embedded PostgreSQL', of('whole'), 'ms', '<= 5,000', of('whole') <= 5_000),
  ]);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/**
 * CPU of this process per request: bare Fastify against the gateway with 50 children and 1,000 routes, in turn, medians.
 * `dispatch` measures what the gateway adds: its children are plain Fastify instances with the same route.
 * Code is compiled before the first round, so these are the figures of an appliance that has served for a while.
 * One Fastify with all routes shows which part is the number of routes. `pipeline` measures plugins as they are: identity, scope, time limit, log line, metrics and headers on every request;
 * its peer is a bare Fastify with pino's request log, which is the least one would run.
 */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { median, report } from '../../testing/bench/measure.ts';
import type { BenchRow } from '../../testing/bench/measure.ts';
import { Logs } from '../../telemetry/logs.ts';
import { createChild } from '../pipeline/child.ts';
import type { ChildEnvironment } from '../pipeline/child.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { GatewayTarget } from '../gateway/prefix-table.ts';
import { RateLimits } from '../pipeline/rate-limits.ts';
import { RequestMetrics } from '../pipeline/request-metrics.ts';

const plugins = 50;
const routesEach = 20;
const requests = Number(process.env['BENCH_REQUESTS'] ?? 40_000);
/** Of each subject before the first round: fifty instances have fifty times as much code to compile as one. */
const warmUpRequests = 200_000;
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const run = promisify(execFile);
const load = fileURLToPath(new URL('load.ts', import.meta.url));

interface Subject {
  readonly name: string;
  readonly port: number;
  readonly paths: readonly string[];
  readonly close: () => Promise<unknown>;
}

const answer = { id: '0190f3a0-0000-7000-8000-000000000000', name: 'Ada' };
const noActivity = { begin: () => {}, end: () => {} };
const sink = { write: () => {} };
const prefixOf = (index: number): string => `/api/v1/plugin-${index}`;
const spread = Array.from(
  { length: plugins },
  (_, index) => `${prefixOf(index)}/resource-${index % routesEach}/7`,
);

function addRoutes(app: FastifyInstance, prefix: string): void {
  for (let route = 0; route < routesEach; route += 1)
    app.get(`${prefix}/resource-${route}/:id`, async () => answer);
}

async function bare(
  name: string,
  logger: boolean,
  routes?: (app: FastifyInstance) => void,
): Promise<Subject> {
  const app = fastify(logger ? { logger: { stream: sink } } : {});
  if (routes === undefined) app.get('/api/v1/plugin-0/resource-0/:id', async () => answer);
  else routes(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server does not listen');
  const { port } = address;
  const paths = routes === undefined ? ['/api/v1/plugin-0/resource-0/7'] : spread;
  return { name, port, paths, close: () => app.close() };
}

async function gateway(name: string, targets: readonly GatewayTarget[], logs: Logs): Promise<Subject> {
  const [core] = targets;
  if (core === undefined) throw new TypeError('no targets');
  const server = new Gateway({ core, log: logs.logger('bench') });
  server.setTable(targets.map((target, index) => ({ prefix: prefixOf(index), target })));
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { name, port, paths: spread, close: () => server.stop(1_000) };
}

async function plainTargets(): Promise<GatewayTarget[]> {
  const targets: GatewayTarget[] = [];
  for (let index = 0; index < plugins; index += 1) {
    const app = fastify({ serverFactory: (handler) => createServer(handler) });
    addRoutes(app, prefixOf(index));
    await app.ready();
    targets.push({ dispatch: (request, response) => app.routing(request, response), upgrade: () => {} });
  }
  return targets;
}

async function pipelineTargets(logs: Logs): Promise<GatewayTarget[]> {
  const registry = new Registry();
  const environment: ChildEnvironment = {
    logs,
    authentication: {
      inspect: async () => ({
        caller: { id: 'u', kind: 'user', name: 'u', roles: ['admin'], teams: [], leads: [] },
        expiresInMs: 3_600_000,
      }),
    },
    rateLimits: new RateLimits(),
    requestMetrics: new RequestMetrics(registry),
    streams: { metrics: { opened: () => {}, closed: () => {}, messageSent: () => {} } },
  };
  const targets: GatewayTarget[] = [];
  for (let index = 0; index < plugins; index += 1) {
    const prefix = prefixOf(index);
    const child = await createChild(environment, {
      plugin: { name: `plugin-${index}`, generation: 1 },
      prefixes: [prefix],
      activity: noActivity,
    });
    for (let route = 0; route < routesEach; route += 1) {
      child.instance.get(
        `${prefix}/resource-${route}/:id`,
        { config: { access: 'public' } },
        async () => answer,
      );
    }
    await child.instance.ready();
    targets.push(child.target);
  }
  return targets;
}

/** Microseconds of this process's CPU for each of the requests. */
async function measure(subject: Subject, count: number): Promise<number> {
  const before = process.cpuUsage();
  const { stdout } = await run(process.execPath, [
    load,
    String(subject.port),
    String(count),
    '16',
    ...subject.paths,
  ]);
  const { user, system } = process.cpuUsage(before);
  if (stdout.trim() !== '0') throw new Error(`${subject.name}: ${stdout.trim()} requests failed`);
  return (user + system) / count;
}

async function main(): Promise<void> {
  const logs = new Logs({ destination: sink });
  const subjects = [
    await bare('bare', false),
    await bare('bare 1,000', false, (app) => {
      for (let index = 0; index < plugins; index += 1) addRoutes(app, prefixOf(index));
    }),
    await gateway('dispatch', await plainTargets(), logs),
    await bare('bare with log', true),
    await gateway('pipeline', await pipelineTargets(logs), logs),
  ];
  const costs = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (const subject of subjects) await measure(subject, warmUpRequests);
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) costs.get(subject.name)?.push(await measure(subject, requests));
  }
  const cost = (name: string): number => median(costs.get(name) ?? []);
  const row = (name: string, ours: string, peer: string, bound: number): BenchRow => {
    const ratio = cost(ours) / cost(peer);
    const target = `<= ${bound} x`;
    return {
      name,
      ours: cost(ours),
      peer: cost(peer),
      unit: 'µs CPU/request',
      ratio,
      target,
      met: ratio <= bound,
    };
  };
  report([
    row('gateway, 50 plugins, 1,000 routes, against a bare Fastify route', 'dispatch', 'bare', 1.05),
    row('the same against one Fastify with these 1,000 routes', 'dispatch', 'bare 1,000', 1.05),
    row(
      'gateway with the request pipeline, against a bare Fastify with its log',
      'pipeline',
      'bare with log',
      2,
    ),
  ]);
  await Promise.all(subjects.map(({ close }) => close()));
}

await main();

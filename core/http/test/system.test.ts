import type { Caller, Role } from '@orchestrall/sdk';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { StreamItem, StreamOptions } from '../../bus/streams.ts';
import { coreError } from '../../errors.ts';
import { currentScope } from '../../telemetry/scope.ts';
import { ServiceRegistry } from '../../telemetry/health.ts';
import { liveDocumentRoute } from '../openapi/live-document.ts';
import { referencePageRoutes } from '../openapi/reference-page.ts';
import { principalsOf } from '../pipeline/caller-principals.ts';
import { eventFeedRoutes } from '../system/event-feed.ts';
import { healthRoutes } from '../system/health.ts';
import { logLevelRoutes } from '../system/log-levels.ts';
import { metricsRoutes } from '../system/metrics.ts';
import { pluginRoutes } from '../system/plugins.ts';
import type { PluginStatus } from '../system/plugins.ts';
import { as, bodyOf, createHarness } from './harness.ts';
import type { Harness } from './harness.ts';

let harness: Harness;
afterEach(async () => harness[Symbol.asyncDispose]());

function crm(state: string): PluginStatus {
  const desired = state === 'off' ? 'off' : 'on';
  const since = '2026-01-02T03:04:05.678Z';
  return {
    name: 'crm',
    version: '1.0.0',
    state,
    desired,
    generation: 1,
    feature: 'crm_integration',
    features: ['crm_integration'],
    since,
    reason: null,
  };
}

test('a change of a plugin is answered once it is in effect, or at once with wait=false', async () => {
  harness = await createHarness();
  let state = 'active';
  const gate = Promise.withResolvers<void>();
  const asked: [string, string, Caller | undefined][] = [];
  pluginRoutes(harness.core.instance, {
    list: () => [crm(state)],
    get: (name) => (name === 'crm' ? crm(state) : undefined),
    async change(name, change) {
      asked.push([name, change, currentScope().caller]);
      if (change === 'rollback') throw coreError('PLUGIN_FAILED', { plugin: name, retryAfterSeconds: 1 });
      await gate.promise;
      state = 'off';
      return crm(state);
    },
    purge: async () => {},
  });
  const url = `${await harness.listen()}/api/v1/system/plugins`;
  const post = { method: 'POST', headers: as('admin') };
  expect(await bodyOf(await fetch(url, { headers: as('viewer') }))).toEqual({
    items: [crm('active')],
    next_cursor: null,
  });
  expect((await fetch(`${url}/crm/disable`, { method: 'POST', headers: as('operator') })).status).toBe(403);

  const early = await fetch(`${url}/crm/disable?wait=false`, post);
  expect([early.status, await bodyOf(early)]).toEqual([202, crm('active')]);
  const waiting = fetch(`${url}/crm/disable`, post);
  gate.resolve();
  expect([(await waiting).status, await bodyOf(await waiting)]).toEqual([200, crm('off')]);
  expect(asked[0]?.[2]?.name).toBe('admin-token');

  expect((await bodyOf(await fetch(`${url}/nobody/enable`, post)))['code']).toBe('PLUGIN_NOT_FOUND');
  expect((await fetch(`${url}/crm/rollback`, post)).status).toBe(503);
  expect((await fetch(`${url}/crm/rollback?wait=false`, post)).status).toBe(202);
});

test('health has the founding shape, details only for the signed in, and does not wait for a hanging check', async () => {
  harness = await createHarness();
  const services = new ServiceRegistry({ log: harness.environment.logs.logger('core.health') });
  services.register('database', () => ({ status: 'healthy' }), { critical: true });
  services.register('crm', () => new Promise(() => {}), { timeoutMs: 50 });
  let ready = false;
  healthRoutes(harness.core.instance, {
    version: '1.2.3',
    read: () => services.read(),
    readiness: async () => (ready ? { ready: true } : { ready: false, reason: 'starting' }),
    metrics: () => ({ uptime_seconds: 5, total_requests: 7 }),
  });
  const url = await harness.listen();
  const answer = await fetch(`${url}/health`);
  const health = await bodyOf(answer);
  expect(answer.status).toBe(200);
  expect(health).toEqual({
    status: 'degraded',
    timestamp: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    version: '1.2.3',
    components: { crm: 'unhealthy', database: 'healthy' },
    metrics: { uptime_seconds: 5, total_requests: 7 },
  });
  const detailed = await bodyOf(await fetch(`${url}/health`, { headers: as('viewer') }));
  expect(JSON.stringify(detailed['details'])).toContain('still hangs after 50 ms');
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  ready = true;
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  services.register('database', () => Promise.reject(new Error('gone')), { critical: true });
  expect((await fetch(`${url}/health`)).status).toBe(503);
});

test('metrics are given to this machine and to the role system, and count by route pattern', async () => {
  harness = await createHarness({ trustedProxies: ['127.0.0.1'] });
  metricsRoutes(harness.core.instance, harness.registry);
  harness.core.instance.get('/things/:id', { config: { access: 'public' } }, async () => ({}));
  const url = await harness.listen();
  await fetch(`${url}/things/1`);
  await fetch(`${url}/things/2`);
  await fetch(`${url}/nowhere`);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('orch_http_requests_total{method="GET",status="200",endpoint="/things/:id"} 2');
  expect(text).toContain('orch_http_requests_total{method="(any)",status="404",endpoint="(unknown)"} 1');
  expect(text).toContain('orch_http_request_duration_seconds_count{method="GET",endpoint="/things/:id"} 2');
  expect(text).toContain(
    'orch_http_request_duration_seconds_bucket{method="GET",endpoint="/things/:id",le="+Inf"} 2',
  );
  const forwarded = { 'x-forwarded-for': '203.0.113.9' };
  expect((await fetch(`${url}/metrics`, { headers: forwarded })).status).toBe(401);
  expect((await fetch(`${url}/metrics`, { headers: { ...forwarded, ...as('viewer') } })).status).toBe(403);
  expect((await fetch(`${url}/metrics`, { headers: { ...forwarded, ...as('system') } })).status).toBe(200);
});

test('rate limits count per caller and address, tell what is left, and change live', async () => {
  harness = await createHarness();
  harness.core.instance.get('/x', { config: { access: 'public' } }, async () => ({}));
  harness.core.instance.get('/free', { config: { access: 'public', unlimited: true } }, async () => ({}));
  const url = await harness.listen();
  harness.rateLimits.configure({ requestsPerMinute: 2, burstSize: 1 });
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await fetch(`${url}/x`)).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const refused = await fetch(`${url}/x`);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect([refused.headers.get('ratelimit-limit'), refused.headers.get('ratelimit-remaining')]).toEqual([
    '3',
    '0',
  ]);
  expect((await bodyOf(refused))['code']).toBe('RATE_LIMITED');
  const other = await fetch(`${url}/x`, { headers: as('viewer') });
  expect([other.status, other.headers.get('ratelimit-remaining')]).toEqual([200, '2']);
  expect((await fetch(`${url}/free`)).status).toBe(200);
  harness.rateLimits.configure(undefined);
  expect((await fetch(`${url}/x`)).status).toBe(200);
});

test('the document describes what is live and is built anew after a switch', async () => {
  harness = await createHarness();
  const plugin = await harness.plugin('crm', ['/api/v1/crm']);
  plugin.instance.get(
    '/api/v1/crm/contacts/:id',
    { config: { access: 'viewer' }, schema: { summary: 'Shows a contact' } },
    async () => ({}),
  );
  await plugin.instance.ready();
  let version = 1;
  let routes = [...harness.core.routes];
  liveDocumentRoute(
    harness.core.instance,
    { version: () => version, routes: () => routes },
    { version: '1.0.0' },
  );
  pluginRoutes(harness.core.instance, {
    list: () => [],
    get: () => undefined,
    change: async () => crm('off'),
    purge: async () => {},
  });
  const url = await harness.listen();
  routes = [...harness.core.routes];
  const paths = async (): Promise<object> => {
    const document = await bodyOf(await fetch(`${url}/openapi.json`));
    expect(document['openapi']).toBe('3.1.0');
    return Object.assign({}, document['paths']);
  };
  expect(Object.keys(await paths())).toContain('/api/v1/system/plugins/{name}/enable');
  expect(Object.keys(await paths())).not.toContain('/api/v1/crm/contacts/{id}');
  version = 2;
  routes = [...harness.core.routes, ...plugin.routes];
  expect(JSON.stringify(await paths())).toContain(
    '"operationId":"getCrmContactsById","summary":"Shows a contact","tags":["crm"],"description":"Needs the role viewer."',
  );
});

test('the reference page asks nobody but the appliance', async () => {
  harness = await createHarness();
  referencePageRoutes(harness.core.instance);
  const url = await harness.listen();
  const page = await fetch(`${url}/docs`);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
  expect(await page.text()).not.toMatch(/https?:\/\//);
  expect(await (await fetch(`${url}/docs/start.js`)).text()).toContain('"telemetry":false');
  const script = await fetch(`${url}/docs/scalar.js`);
  expect(script.headers.get('content-encoding')).toBe('gzip');
  expect((await script.text()).length).toBeGreaterThan(1_000_000);
});

test('log levels change live and are inherited', async () => {
  harness = await createHarness();
  logLevelRoutes(harness.core.instance, harness.environment.logs);
  const url = `${await harness.listen()}/api/v1/system/log-levels`;
  const put = (logger: string, level: string | null): Promise<Response> =>
    fetch(`${url}/${logger}`, {
      method: 'PUT',
      headers: { ...as('admin'), 'content-type': 'application/json' },
      body: JSON.stringify({ level }),
    });
  expect(await bodyOf(await put('plugin.crm', 'ERROR'))).toEqual({ logger: 'plugin.crm', level: 'ERROR' });
  expect(harness.environment.logs.level('plugin.crm.http')).toBe('ERROR');
  expect((await put('plugin.crm', 'LOUD')).status).toBe(400);
  expect(await bodyOf(await put('plugin.crm', null))).toEqual({ logger: 'plugin.crm', level: 'DEBUG' });
});

async function* give(items: readonly StreamItem[]): AsyncIterable<StreamItem> {
  yield* items;
}

/** Gives what it is told and keeps what it was asked. */
function scriptedEvents(items: readonly StreamItem[]): {
  asked: StreamOptions[];
  position: number;
  openStream: (options: StreamOptions) => AsyncIterable<StreamItem>;
} {
  const asked: StreamOptions[] = [];
  return {
    asked,
    position: 39,
    openStream(options) {
      asked.push(options);
      if (options.pattern === '!') throw coreError('VALIDATION_FAILED', { faults: [] });
      return give(items);
    },
  };
}

const created: StreamItem = {
  kind: 'event',
  event: {
    specversion: '1.0',
    id: 'e1',
    source: '/plugins/crm',
    type: 'contact.created',
    time: '2026-01-02T03:04:05.678Z',
    datacontenttype: 'application/json',
    data: { name: 'Ada' },
    position: 41,
  },
};

function principalsOfRole(role: Role): ReadonlySet<string> {
  const name = `${role}-token`;
  return principalsOf({ id: `id-of-${name}`, kind: 'user', name, roles: [role], teams: [], leads: [] });
}

test('the event feed resumes by Last-Event-ID, tells the bus who asks, and says reset and why it ends', async () => {
  harness = await createHarness();
  const events = scriptedEvents([
    { kind: 'reset', position: 40, oldest: 40 },
    created,
    { kind: 'end', reason: 'slow_reader' },
  ]);
  eventFeedRoutes(harness.core.instance, events);
  const url = await harness.listen();
  const headers = { ...as('operator'), 'last-event-id': '7' };
  const text = await (await fetch(`${url}/sse/events?pattern=contact.*`, { headers })).text();
  expect(events.asked[0]).toMatchObject({
    pattern: 'contact.*',
    after: 7,
    principals: principalsOfRole('operator'),
  });
  expect(text).toContain('id: 40\nevent: reset\ndata: {"position":40,"oldest":40}\n\n');
  expect(text).toContain('id: 41\nevent: contact.created\ndata: {"specversion":"1.0"');
  expect(text).toContain('event: slow_reader\n');

  const bad = await fetch(`${url}/sse/events?pattern=!`, { headers: as('viewer') });
  expect([bad.status, (await bodyOf(bad))['code']]).toEqual([400, 'VALIDATION_FAILED']);
  const resumeOfNonsense = await fetch(`${url}/sse/events`, {
    headers: { ...as('viewer'), 'last-event-id': 'x' },
  });
  expect(resumeOfNonsense.status).toBe(400);
  expect((await fetch(`${url}/sse/events`)).status).toBe(401);
});

test('the event feed over WebSocket gives the same messages', async () => {
  harness = await createHarness();
  const events = scriptedEvents([created, { kind: 'end', reason: 'server_shutdown' }]);
  eventFeedRoutes(harness.core.instance, events);
  const url = await harness.listen();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/events?after=3`, { headers: as('viewer') });
  const messages: unknown[] = [];
  socket.on('message', (message: Buffer) => messages.push(JSON.parse(message.toString())));
  const [code, reason] = await new Promise<[number, string]>((resolve) =>
    socket.once('close', (closeCode, text) => resolve([closeCode, text.toString()])),
  );
  expect([code, reason]).toEqual([1012, 'server_shutdown']);
  expect(messages).toEqual([
    { id: '41', event: 'contact.created', data: created.kind === 'event' && created.event },
  ]);
  expect(events.asked[0]).toMatchObject({
    pattern: '**',
    after: 3,
    principals: principalsOfRole('viewer'),
  });

  const refused = new WebSocket(`${url.replace('http', 'ws')}/ws/events?pattern=a..b`, {
    headers: as('viewer'),
  });
  const status = await new Promise((resolve) =>
    refused.once('unexpected-response', (_request, answer) => resolve(answer.statusCode)),
  );
  expect([status, events.asked.length]).toEqual([400, 1]);
});

import Type from 'typebox';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { coreError } from '../../errors.ts';
import { refuseWith } from '../gateway/prefix-table.ts';
import { problemType } from '../errors/problem.ts';
import { as, bodyOf, createHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { sendRaw } from './raw.ts';

let harness: Harness;
afterEach(async () => harness[Symbol.asyncDispose]());

test('a request below a prefix reaches the child of that prefix, everything else the core', async () => {
  harness = await createHarness();
  const crm = await harness.plugin('crm', ['/api/v1/crm']);
  crm.instance.get('/api/v1/crm/ping', { config: { access: 'public' } }, async () => ({ from: 'crm' }));
  harness.core.instance.get('/ping', { config: { access: 'public' } }, async () => ({ from: 'core' }));
  await crm.instance.ready();
  const url = await harness.listen();
  harness.gateway.setTable([{ prefix: '/api/v1/crm', target: crm.target }]);

  expect(await (await fetch(`${url}/api/v1/crm/ping?x=1`)).json()).toEqual({ from: 'crm' });
  expect(await (await fetch(`${url}/ping`)).json()).toEqual({ from: 'core' });
  for (const path of ['/api/v1/crmx/ping', '/api/v1/crm%2Fping', '/api/v1//crm/ping', '/API/v1/crm/ping']) {
    const answer = await fetch(url + path);
    expect([path, answer.status, (await bodyOf(answer))['code']]).toEqual([path, 404, 'ROUTE_NOT_FOUND']);
  }
});

test('a disabled plugin answers PLUGIN_DISABLED and a failed one PLUGIN_FAILED with Retry-After', async () => {
  harness = await createHarness();
  const url = await harness.listen();
  harness.gateway.setTable([
    { prefix: '/off', target: refuseWith(() => coreError('PLUGIN_DISABLED', { plugin: 'off' })) },
    {
      prefix: '/broken',
      target: refuseWith(() => coreError('PLUGIN_FAILED', { plugin: 'broken', retryAfterSeconds: 7 })),
    },
  ]);
  const off = await fetch(`${url}/off/x`);
  expect(off.status).toBe(404);
  expect(await off.json()).toMatchObject({ code: 'PLUGIN_DISABLED', instance: '/off/x', status: 404 });
  const broken = await fetch(`${url}/broken`, { method: 'POST', body: 'x' });
  expect([broken.status, broken.headers.get('retry-after')]).toEqual([503, '7']);
  expect(broken.headers.get('content-type')).toContain('application/problem+json');
  const head = await fetch(`${url}/off/x`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-type')]).toEqual([404, problemType]);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/off/socket`);
  const status = await new Promise((resolve) =>
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode)),
  );
  expect(status).toBe(404);
});

test('whatever gets no handler is limited, counted by a bounded name and logged as other requests are', async () => {
  harness = await createHarness();
  const url = await harness.listen();
  harness.gateway.setTable([
    { prefix: '/off', target: refuseWith(() => coreError('PLUGIN_DISABLED', { plugin: 'off' })) },
    { prefix: '/broken', target: refuseWith(() => coreError('PLUGIN_FAILED', { plugin: 'broken' })) },
  ]);
  await fetch(`${url}/off/made-up-1`, { headers: as('viewer') });
  await fetch(`${url}/off/made-up-2`, { method: 'PUT', body: 'x' });
  await fetch(`${url}/broken/x`);
  await fetch(`${url}/made-up`);
  await fetch(`${url}/made-up/%zz`);
  await sendRaw(harness.port, ['GET /off HTTP/1.1\r\n\r\n']);
  const answered = (): Record<string, unknown>[] =>
    harness.lines.filter((line) => line['message'] === 'request answered');
  await expect.poll(() => answered().length).toBe(6);
  expect(harness.lines.filter((line) => line['level'] === 'ERROR')).toEqual([]);
  expect(answered()[0]).toMatchObject({
    level: 'INFO',
    logger: 'core.http',
    method: 'GET',
    path: '/off/made-up-1',
    endpoint: '/off/*',
    status: 404,
    remote_address: '127.0.0.1',
    user_id: 'id-of-viewer-token',
  });
  expect(answered().find((line) => line['path'] === '/broken/x')).toMatchObject({
    level: 'WARNING',
    status: 503,
  });
  const text = await harness.registry.metrics();
  for (const series of [
    'status="404",endpoint="/off/*"} 2',
    'status="503",endpoint="/broken/*"} 1',
    'status="404",endpoint="(unknown)"} 1',
    'status="400",endpoint="(unknown)"} 1',
    'status="400",endpoint="(malformed)"} 1',
  ]) {
    expect(text).toContain(`orch_http_requests_total{method="(any)",${series}`);
  }
  expect(text).not.toContain('made-up');
  expect(harness.activity.of('request')).toBe(0);

  harness.rateLimits.configure({ requestsPerMinute: 1, burstSize: 0 });
  const limited = [await fetch(`${url}/off`), await fetch(`${url}/off`)];
  expect(limited.map(({ status }) => status)).toEqual([404, 429]);
});

test('a route needs its role: 401 without a token, 403 with another role, and the caller in the handler', async () => {
  harness = await createHarness();
  harness.core.instance.get('/admin', { config: { access: 'admin' } }, async (request) => request.caller);
  const url = await harness.listen();
  expect((await fetch(`${url}/admin`)).status).toBe(401);
  const forged = await fetch(`${url}/admin`, { headers: { authorization: 'Bearer forged' } });
  expect([forged.status, (await bodyOf(forged))['code']]).toEqual([401, 'TOKEN_INVALID']);
  const viewer = await fetch(`${url}/admin`, { headers: as('viewer') });
  expect([viewer.status, (await bodyOf(viewer))['code']]).toEqual([403, 'ROLE_MISSING']);
  const admin = await fetch(`${url}/admin`, { headers: as('admin') });
  expect(await admin.json()).toMatchObject({ name: 'admin-token' });
});

test('every faulty field of body and query is named', async () => {
  harness = await createHarness();
  harness.core.instance.post(
    '/things',
    {
      config: { access: 'public' },
      schema: {
        querystring: Type.Object({
          limit: Type.Integer({ minimum: 1, default: 20 }),
          order: Type.Optional(Type.Union([Type.Literal('name'), Type.Literal('newest')])),
        }),
        body: Type.Object({
          name: Type.String({ minLength: 1 }),
          email: Type.String({ format: 'email' }),
          size: Type.Optional(Type.Number()),
          inner: Type.Optional(Type.Object({ a: Type.String() })),
        }),
      },
    },
    async (request) => ({ ...request.query, ...request.body }),
  );
  const url = await harness.listen();
  const send = async (query: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}/things${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return bodyOf(answer);
  };
  expect(await send('?limit=5', { name: 'a', email: 'a@b.cd' })).toEqual({
    limit: 5,
    name: 'a',
    email: 'a@b.cd',
  });
  expect(await send('', { name: 'a', email: 'a@b.cd' })).toMatchObject({ limit: 20 });
  const refused = await send('', { name: false, email: 'no', colour: 'red', size: '3', inner: { b: 1 } });
  expect(refused['code']).toBe('VALIDATION_FAILED');
  expect(refused['faults']).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ path: '/name' }),
      expect.objectContaining({ path: '/email' }),
      expect.objectContaining({ path: '/size' }),
      { path: '/inner/a', message: 'is required' },
      { path: '/inner/b', message: 'is not a known field' },
      { path: '/colour', message: 'is not a known field' },
    ]),
  );
  const query = await send('?limit=x&order=size&other=1', { name: 'a', email: 'a@b.cd' });
  expect(query['faults']).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ path: '/querystring/limit' }),
      { path: '/querystring/order', message: 'must be one of: name, newest' },
      { path: '/querystring/other', message: 'is not a known field' },
    ]),
  );
});

test('a plugin whose route declares no access rule does not load', async () => {
  harness = await createHarness();
  const bad = await harness.plugin('bad', ['/bad']);
  await bad.instance.register(async (app) => {
    app.get('/bad/a', { config: { access: 'viewer' } }, async () => '');
  });
  expect(() => bad.instance.get('/bad/x', async () => '')).toThrow(
    'The route GET /bad/x declares no access rule.',
  );
  expect(() => bad.instance.get('/elsewhere', { config: { access: 'viewer' } }, async () => '')).toThrow(
    'lies outside the prefixes /bad',
  );
});

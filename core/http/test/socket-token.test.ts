import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { coreError } from '../../errors.ts';
import { refuseWith } from '../gateway/prefix-table.ts';
import { as, createHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { sendRaw } from './raw.ts';

let harness: Harness;
/** What the handler saw of the request. */
let seen: unknown[] = [];

beforeAll(async () => {
  harness = await createHarness();
  const feed = await harness.plugin('feed', ['/feed']);
  feed.instance.get('/feed', { websocket: true, config: { access: 'viewer' } }, (socket, request) => {
    seen.push(request.caller?.name, JSON.stringify(request.raw.rawHeaders));
    socket.close();
  });
  feed.instance.get('/feed/open', { websocket: true, config: { access: 'public' } }, (socket, request) => {
    seen.push(request.caller?.name ?? null);
    socket.close();
  });
  feed.instance.get('/feed/plain', { config: { access: 'viewer' } }, async () => ({}));
  await feed.instance.ready();
  await harness.listen();
  harness.gateway.setTable([
    { prefix: '/feed', target: feed.target },
    { prefix: '/off', target: refuseWith(() => coreError('PLUGIN_DISABLED', { plugin: 'off' })) },
  ]);
});
afterAll(async () => harness[Symbol.asyncDispose]());
beforeEach(() => {
  seen = [];
});

/** Opens a socket; gives the subprotocol that was agreed upon, or the status of the refusal. */
async function open(path: string, protocols: string[], headers = {}): Promise<string | number | undefined> {
  const socket = new WebSocket(`${harness.url.replace('http', 'ws')}${path}`, protocols, { headers });
  socket.on('error', () => undefined);
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket.protocol));
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      response.resume();
    });
  });
}

test('a token as a subprotocol signs the caller in, and only the real subprotocol is agreed upon', async () => {
  expect(await open('/feed', ['bearer.viewer-token', 'orchestrall.events'])).toBe('orchestrall.events');
  expect(await open('/feed', ['orchestrall.events', 'bearer.viewer-token'])).toBe('orchestrall.events');
  expect(await open('/feed/open', ['bearer.viewer-token', 'x'])).toBe('x');
  expect(seen).toEqual([
    'viewer-token',
    expect.not.stringContaining('viewer-token'),
    'viewer-token',
    expect.not.stringContaining('viewer-token'),
    'viewer-token',
  ]);
});

test('a token without another subprotocol is not echoed', async () => {
  const answer = await sendRaw(harness.port, [
    'GET /feed HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: bearer.viewer-token\r\n\r\n',
  ]);
  expect(answer.status).toBe(101);
  expect(answer.text).not.toContain('viewer-token');
  expect(answer.headers['sec-websocket-protocol']).toBeUndefined();
});

test.each([
  ['a forged token', ['bearer.forged', 'x'], {}, 401],
  ['no token', ['x'], {}, 401],
  ['an empty token', ['bearer.', 'x'], {}, 401],
  ['another case of the name', ['Bearer.viewer-token', 'x'], {}, 401],
  ['two tokens', ['bearer.viewer-token', 'bearer.admin-token', 'x'], {}, 401],
  ['a token in the header as well', ['bearer.viewer-token', 'x'], as('viewer'), 401],
  ['a token whose role is too low', ['bearer.system-token', 'x'], {}, 403],
] as const)('%s as a subprotocol opens nothing', async (_, protocols, headers, status) => {
  expect(await open('/feed', [...protocols], headers)).toBe(status);
  expect(seen).toEqual([]);
});

test('a forged token makes no one of the caller of a public route', async () => {
  expect(await open('/feed/open', ['bearer.forged', 'x'])).toBe('x');
  expect(seen).toEqual([null]);
});

test('a token as a subprotocol signs in nobody whose request is no WebSocket', async () => {
  const headers = { 'sec-websocket-protocol': 'bearer.viewer-token' };
  expect((await fetch(`${harness.url}/feed/plain`, { headers })).status).toBe(401);
});

test('a token stands in no log line and no answer, whatever became of the request', async () => {
  await open('/off/x', ['bearer.viewer-token', 'x']);
  await open('/nowhere', ['bearer.viewer-token', 'x']);
  await open('/feed', ['bearer.secret-of-nobody', 'x']);
  await expect
    .poll(() => harness.lines.filter((line) => line['message'] === 'request answered').length)
    .toBeGreaterThanOrEqual(3);
  const withoutNames = harness.lines.map((line) => ({ ...line, user_id: undefined }));
  expect(JSON.stringify(withoutNames)).not.toMatch(/bearer\.|secret-of-nobody|viewer-token/);
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { Caller, EventStream } from '@orchestrall/sdk';
import { authError } from '../../auth/errors.ts';
import { Counter, createHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { sendRaw } from './raw.ts';

let harness: Harness;
afterEach(async () => harness[Symbol.asyncDispose]());

async function streaming(options: Parameters<typeof createHarness>[0] = {}): Promise<{
  activity: Counter;
  opened: EventStream[];
  plugin: Awaited<ReturnType<Harness['plugin']>>;
}> {
  harness = await createHarness(options);
  const activity = new Counter();
  const plugin = await harness.plugin('feed', ['/feed'], activity);
  const opened: EventStream[] = [];
  plugin.instance.get('/feed/events', { config: { access: 'public' } }, (_request, reply) => {
    const stream = reply.sse();
    stream.send({ id: '1', event: 'contact.created', data: { name: 'Ada' } });
    opened.push(stream);
  });
  plugin.instance.get('/feed/mine', { config: { access: 'viewer' } }, (_request, reply) => {
    opened.push(reply.sse());
  });
  plugin.instance.get('/feed/socket', { websocket: true, config: { access: 'public' } }, (socket) => {
    socket.on('message', (message: Buffer) => {
      if (message.toString() === 'throw') throw new Error('in a listener');
      socket.send(`echo ${message.toString()}`);
    });
  });
  await plugin.instance.ready();
  await harness.listen();
  harness.gateway.setTable([{ prefix: '/feed', target: plugin.target }]);
  return { activity, opened, plugin };
}

test('an event stream sends, and ends with server_shutdown when its child is drained', async () => {
  const { activity, plugin, opened } = await streaming();
  const answer = await fetch(`${harness.url}/feed/events`);
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  await expect.poll(() => plugin.streams.open.events).toBe(1);
  expect([activity.of('stream'), activity.of('request')]).toEqual([1, 0]);
  plugin.streams.endAll('plugin reloaded');
  const text = await answer.text();
  expect(text).toContain('id: 1\nevent: contact.created\ndata: {"name":"Ada"}\n\n');
  expect(text).toContain('event: server_shutdown\ndata: {"reason":"plugin reloaded"}\n\n');
  await expect.poll(() => activity.of('stream')).toBe(0);
  expect(opened[0]?.signal.aborted).toBe(true);
  expect(plugin.streams.cut).toBe(0);
});

test('a stream opened after the drain began is ended at once', async () => {
  const { plugin } = await streaming();
  plugin.streams.endAll('plugin reloaded');
  expect(await (await fetch(`${harness.url}/feed/events`)).text()).toContain('event: server_shutdown');
});

test('a quiet stream gets heartbeats', async () => {
  await streaming({
    streams: { heartbeatMs: 20, metrics: { opened: () => {}, closed: () => {}, messageSent: () => {} } },
  });
  const answer = await fetch(`${harness.url}/feed/events`);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes(': heartbeat')) text += (await reader?.read())?.value ?? '';
  await reader?.cancel();
});

test('a reader that takes nothing is cut and counted, and send tells it to wait before', async () => {
  const { plugin, opened, activity } = await streaming({
    streams: {
      maxBufferedBytes: 200_000,
      metrics: { opened: () => {}, closed: () => {}, messageSent: () => {} },
    },
  });
  const socket = connect(harness.port, '127.0.0.1');
  socket.pause();
  socket.write('GET /feed/events HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => opened.length).toBe(1);
  const [stream] = opened;
  let refused = 0;
  for (let sent = 0; sent < 2_000 && plugin.streams.cut === 0; sent += 1) {
    if (stream?.send({ data: 'x'.repeat(10_000) }) === false) refused += 1;
    if (sent % 50 === 0) await sleep(1);
  }
  expect(plugin.streams.cut).toBe(1);
  expect(refused).toBeGreaterThan(0);
  expect(stream?.signal.aborted).toBe(true);
  expect(harness.lines.some((line) => line['message'] === 'a stream was cut')).toBe(true);
  socket.destroy();
  await expect.poll(() => activity.of('stream')).toBe(0);
});

test('HEAD of a stream ends at once', async () => {
  const { plugin } = await streaming();
  const answer = await fetch(`${harness.url}/feed/events`, { method: 'HEAD' });
  expect(answer.status).toBe(200);
  await expect.poll(() => plugin.streams.open.events).toBe(0);
});

test('a WebSocket is counted as a stream and closed with 1012 when its child is drained', async () => {
  const { activity, plugin } = await streaming();
  const socket = new WebSocket(`${harness.url.replace('http', 'ws')}/feed/socket`);
  const messages: string[] = [];
  socket.on('message', (message: Buffer) => messages.push(message.toString()));
  await new Promise((open) => socket.once('open', open));
  socket.send('hello');
  await expect.poll(() => messages).toEqual(['echo hello']);
  expect([activity.of('stream'), activity.of('request'), plugin.streams.open.sockets]).toEqual([1, 0, 1]);
  const closed = new Promise<[number, string]>((resolve) =>
    socket.once('close', (code, reason) => resolve([code, reason.toString()])),
  );
  plugin.streams.endAll('plugin reloaded');
  expect(await closed).toEqual([1012, 'plugin reloaded']);
  await expect.poll(() => activity.of('stream')).toBe(0);
});

test("a plugin's streams end with their token: revoked ones with the next sweep, and none while that cannot be told", async () => {
  let refusal: Error | undefined;
  const caller: Caller = { id: 'ada', kind: 'user', name: 'ada', roles: ['viewer'], teams: [], leads: [] };
  const { plugin } = await streaming({
    streams: { heartbeatMs: 20, metrics: { opened: () => {}, closed: () => {}, messageSent: () => {} } },
    authentication: {
      inspect: async () => {
        if (refusal !== undefined) throw refusal;
        return { caller, expiresInMs: 3_600_000 };
      },
    },
  });
  const headers = { authorization: 'Bearer ada' };
  const socket = new WebSocket(`${harness.url.replace('http', 'ws')}/feed/socket`, { headers });
  const anonymous = new WebSocket(`${harness.url.replace('http', 'ws')}/feed/socket`);
  await Promise.all([socket, anonymous].map((one) => new Promise((open) => one.once('open', open))));
  const closed = new Promise<[number, string]>((resolve) =>
    socket.once('close', (code, reason) => resolve([code, reason.toString()])),
  );
  const answer = await fetch(`${harness.url}/feed/mine`, { headers });
  refusal = authError('IDENTITY_UNAVAILABLE');
  // Three sweeps.
  for (let pings = 0; pings < 3; pings += 1) await once(socket, 'ping');
  expect(plugin.streams.open).toEqual({ events: 1, sockets: 2 });
  refusal = authError('TOKEN_INVALID');
  expect(await closed).toEqual([1008, 'token_ended']);
  expect(await answer.text()).toContain('event: end\ndata: {"reason":"token_ended"}\n\n');
  expect([anonymous.readyState, plugin.streams.cut]).toEqual([WebSocket.OPEN, 0]);
});

test('a WebSocket whose peer answers no ping is cut, one that does stays', async () => {
  const { plugin } = await streaming({
    streams: { heartbeatMs: 50, metrics: { opened: () => {}, closed: () => {}, messageSent: () => {} } },
  });
  const url = `${harness.url.replace('http', 'ws')}/feed/socket`;
  const alive = new WebSocket(url);
  const dead = new WebSocket(url, { autoPong: false });
  await Promise.all([alive, dead].map((socket) => new Promise((open) => socket.once('open', open))));
  await new Promise((closed) => dead.once('close', closed));
  expect([plugin.streams.cut, alive.readyState]).toEqual([1, WebSocket.OPEN]);
});

test('an error in a socket listener closes that socket with 1011 and is logged for the plugin', async () => {
  await streaming();
  const socket = new WebSocket(`${harness.url.replace('http', 'ws')}/feed/socket`);
  await new Promise((open) => socket.once('open', open));
  socket.send('throw');
  const code = await new Promise((resolve) => socket.once('close', resolve));
  expect(code).toBe(1011);
  const line = harness.lines.find((one) => one['message'] === 'a WebSocket listener threw');
  expect(line).toMatchObject({ level: 'ERROR', plugin: 'feed', logger: 'plugin.feed.http' });
});

test("a frame that breaks the protocol ends its socket with the fault's code, which is no error of ours", async () => {
  await streaming();
  const socket = new WebSocket(`${harness.url.replace('http', 'ws')}/feed/socket`);
  await new Promise((open) => socket.once('open', open));
  socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
  expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1007);
  const ended = 'a WebSocket ended: its peer broke the protocol';
  await expect.poll(() => harness.lines.find((line) => line['message'] === ended)).toBeDefined();
  expect(harness.lines.filter(({ level }) => level === 'ERROR')).toEqual([]);
});

test('a WebSocket route asked without an upgrade answers 426, an unknown one 404', async () => {
  await streaming();
  expect((await fetch(`${harness.url}/feed/socket`)).status).toBe(426);
  const socket = new WebSocket(`${harness.url.replace('http', 'ws')}/feed/nowhere`);
  const status = await new Promise((resolve) =>
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode)),
  );
  expect(status).toBe(404);
});

test('a broken WebSocket handshake is answered as problem details', async () => {
  await streaming();
  const head = 'GET /feed/socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  for (const more of ['', 'Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n']) {
    const answer = await sendRaw(harness.port, [`${head}${more}\r\n`]);
    expect(answer).toMatchObject({
      status: 400,
      headers: { 'content-type': 'application/problem+json; charset=utf-8', connection: 'close' },
    });
    expect(answer.body).toContain('"code":"REQUEST_MALFORMED"');
  }
});

test.each([
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  [
    'a broken handshake',
    'GET /feed/socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    400,
  ],
])('a refused upgrade (%s) keeps no connection whose client leaves it open', async (_, head, status) => {
  const { activity } = await streaming();
  const socket = connect({ port: harness.port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => socket.destroy());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(head);
  await new Promise((resolve) => socket.once('end', resolve));
  const writing = setInterval(() => socket.write('still here'), 20);
  await closed;
  clearInterval(writing);
  expect(text).toContain(`HTTP/1.1 ${status} `);
  await expect.poll(() => activity.of('request')).toBe(0);
});

test('stop refuses new requests, finishes those in flight and counts what it cuts', async () => {
  harness = await createHarness();
  const { promise, resolve } = Promise.withResolvers<string>();
  harness.core.instance.get('/slow', { config: { access: 'public' } }, () => promise);
  harness.core.instance.get('/never', { config: { access: 'public' } }, () => new Promise(() => {}));
  const url = await harness.listen();
  const slow = fetch(`${url}/slow`);
  const never = fetch(`${url}/never`).catch(() => 'cut');
  await expect.poll(() => harness.gateway.inFlight).toBe(2);
  const stopped = harness.gateway.stop(1_000);
  const refused = await fetch(`${url}/slow`);
  expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
  resolve('done');
  expect(await (await slow).text()).toBe('done');
  expect(await stopped).toEqual({ cut: 1 });
  expect(await never).toBe('cut');
  await expect(fetch(`${url}/slow`)).rejects.toThrow();
});

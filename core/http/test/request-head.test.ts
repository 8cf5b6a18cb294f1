import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { coreError } from '../../errors.ts';
import { refuseWith } from '../gateway/prefix-table.ts';
import { createHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { sendRaw } from './raw.ts';

let harness: Harness;
/** What handlers saw since the test began: who it was, and the host they were told. */
let served: string[] = [];

beforeAll(async () => {
  harness = await createHarness();
  const crm = await harness.plugin('crm', ['/api/v1/crm']);
  for (const [app, path, who] of [
    [crm.instance, '/api/v1/crm/contacts', 'crm'],
    [harness.core.instance, '/things', 'core'],
  ] as const) {
    const config = { access: 'public' } as const;
    app.get(path, { config }, async (request) => served.push(`${who} ${request.host}`));
    app.post(path, { config }, async (request) => served.push(`${who} ${request.host}`));
    app.get(`${path}/:id`, { config }, async () => served.push(`${who} one`));
    app.get(`${path}/socket`, { config, websocket: true }, (socket) => socket.close());
  }
  harness.core.instance.get('/smuggled', { config: { access: 'public' } }, async () =>
    served.push('smuggled'),
  );
  await crm.instance.ready();
  await harness.listen();
  harness.gateway.setTable([
    { prefix: '/api/v1/crm', target: crm.target },
    { prefix: '/api/v1/off', target: refuseWith(() => coreError('PLUGIN_DISABLED', { plugin: 'off' })) },
  ]);
});
afterAll(async () => harness[Symbol.asyncDispose]());
beforeEach(() => {
  served = [];
});

const places = ['/api/v1/crm/contacts', '/api/v1/off/x', '/things', '/nowhere'];
const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';

test.each([
  ['none', '1.1', ''],
  ['two', '1.1', 'Host: a\r\nHost: b\r\n'],
  ['the same twice', '1.1', 'Host: a\r\nhOST: a\r\n'],
  ['two in HTTP/1.0', '1.0', 'Host: a\r\nHost: b\r\n'],
  ['one with a path', '1.1', 'Host: a/b\r\n'],
  ['one with a user', '1.1', 'Host: user@a\r\n'],
  ['one with a space', '1.1', 'Host: a b\r\n'],
  ['a port of letters', '1.1', 'Host: a:http\r\n'],
])(
  'a request with a wrong Host (%s) is refused everywhere and its connection closed',
  async (_, version, hosts) => {
    for (const path of places) {
      for (const more of ['', upgrade]) {
        if (more !== '' && version === '1.0') continue;
        const answer = await sendRaw(harness.port, [`GET ${path} HTTP/${version}\r\n${hosts}${more}\r\n`]);
        expect(answer, path).toMatchObject({
          status: 400,
          headers: { 'content-type': 'application/problem+json; charset=utf-8', connection: 'close' },
          body: expect.stringContaining('"code":"REQUEST_MALFORMED"'),
        });
      }
    }
    expect(served).toEqual([]);
  },
);

test.each([
  [
    'a name and a port',
    'GET /things HTTP/1.1\r\nHost: a.example:8000\r\nConnection: close\r\n\r\n',
    'core a.example:8000',
  ],
  [
    'an address of version 6',
    'GET /things HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n',
    'core [::1]:80',
  ],
  ['nothing in HTTP/1.0', 'GET /things HTTP/1.0\r\n\r\n', 'core '],
  [
    'an absolute target',
    'GET http://b.example/things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'core b.example',
  ],
  [
    "an absolute target of a plugin's",
    'GET HTTPS://b.example/api/v1/crm/contacts?x=http://c/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'crm b.example',
  ],
])('the host a handler sees is that of %s', async (_, text, expected) => {
  expect((await sendRaw(harness.port, [text])).status).toBe(200);
  expect(served).toEqual([expected]);
});

test.each(['http:///things', 'http://user@a/things', 'ftp://a/things', 'things', '*'])(
  'the target %s is refused',
  async (target) => {
    const answer = await sendRaw(harness.port, [
      `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    ]);
    expect([answer.status, served]).toEqual([400, []]);
  },
);

test('a WebSocket with an absolute target is opened', async () => {
  const target = 'http://a/api/v1/crm/contacts/socket';
  const answer = await sendRaw(harness.port, [`GET ${target} HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`]);
  expect(answer.status).toBe(101);
});

test.each([
  ['doubled slashes at the start', '//api/v1/crm/contacts', 404],
  ['doubled slashes in the prefix', '/api//v1/crm/contacts', 404],
  ['doubled slashes behind the prefix', '/api/v1/crm//contacts', 404],
  ['dots that lead into a plugin', '/things/../api/v1/crm/contacts', 404],
  ['dots that lead out of a plugin', '/api/v1/crm/../../../things', 404],
  ['escaped dots that lead out of a plugin', '/api/v1/crm/%2e%2e/%2e%2e/%2e%2e/things', 404],
  ['an escaped slash in the prefix', '/api/v1%2fcrm/contacts', 404],
  ['an escaped letter in the prefix', '/api/v1/%63rm/contacts', 404],
  ['a backslash', String.raw`/api\v1\crm\contacts`, 404],
  ['a semicolon', '/api/v1/crm;x/contacts', 404],
  ['a plugin whose name is longer', '/api/v1/crmx/contacts', 404],
])('a path with %s reaches no route', async (_, path, status) => {
  const answer = await sendRaw(harness.port, [
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  ]);
  expect([answer.status, served]).toEqual([status, []]);
  expect(answer.body).toContain('"code":"ROUTE_NOT_FOUND"');
});

test('an escaped slash is a part of the segment it stands in', async () => {
  const answer = await sendRaw(harness.port, [
    'GET /api/v1/crm/contacts/%2e%2e%2fthings HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  ]);
  expect([answer.status, served]).toEqual([200, ['crm one']]);
});

test.each([
  ['compressed chunks', '1.1', 'Transfer-Encoding: gzip, chunked\r\n'],
  ['a coding of the same name with a parameter', '1.1', 'Transfer-Encoding: chunked;q=1, chunked\r\n'],
  ['chunks before HTTP/1.1', '1.0', 'Transfer-Encoding: chunked\r\n'],
  ['two content types', '1.1', 'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n'],
])('a body that has %s is refused and not read', async (_, version, head) => {
  const text = `POST /things HTTP/${version}\r\nHost: a\r\nContent-Type: application/json\r\n${head}\r\n2\r\n{}\r\n0\r\n\r\n`;
  const answer = await sendRaw(harness.port, [text]);
  expect([answer.status, answer.headers['connection'], served]).toEqual([400, 'close', []]);
  expect(answer.body).toContain('"code":"REQUEST_MALFORMED"');
});

const inside = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const chunked = `0\r\n\r\n${inside}`;
test.each<[string, string, string]>([
  ['two lengths that differ', `Content-Length: 0\r\nContent-Length: ${inside.length}\r\n`, inside],
  ['the same length twice', 'Content-Length: 0\r\nContent-Length: 0\r\n', inside],
  ['a list of lengths', 'Content-Length: 0, 0\r\n', inside],
  ['a length with a sign', 'Content-Length: +0\r\n', inside],
  ['a length in hexadecimal', 'Content-Length: 0x0\r\n', inside],
  ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', chunked],
  ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', chunked],
  ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', chunked],
  ['another coding last', 'Transfer-Encoding: chunked, gzip\r\n', chunked],
  ['an unknown coding', 'Transfer-Encoding: xchunked\r\n', chunked],
  ['a space before the colon', 'Transfer-Encoding : chunked\r\n', chunked],
  ['a tab before the colon', 'Content-Length\t: 0\r\n', inside],
  ['a folded header', 'Transfer-Encoding:\r\n chunked\r\n', chunked],
  ['a lone carriage return', 'X: a\rTransfer-Encoding: chunked\r\n', chunked],
  ['a chunk size with a sign', 'Transfer-Encoding: chunked\r\n', `+0\r\n\r\n${inside}`],
  ['a chunk size in 0x', 'Transfer-Encoding: chunked\r\n', `0x0\r\n\r\n${inside}`],
  ['a chunk size past 64 bits', 'Transfer-Encoding: chunked\r\n', `10000000000000000\r\n${inside}`],
  ['a chunk that ends by a line feed', 'Transfer-Encoding: chunked\r\n', `1\r\nab\n0\r\n\r\n${inside}`],
])(
  'a request whose end is in doubt (%s) is refused and nothing behind it is served',
  async (_, head, body) => {
    for (const path of ['/things', '/api/v1/crm/contacts', '/api/v1/off/x']) {
      const text = `POST ${path} HTTP/1.1\r\nHost: a\r\n${head}\r\n${body}`;
      const answer = await sendRaw(harness.port, [text]);
      expect([path, answer.status, answer.headers['connection']]).toEqual([path, 400, 'close']);
      expect(answer.text.match(/HTTP\/1\.1 \d/g), answer.text).toHaveLength(1);
      expect(served).not.toContain('smuggled');
    }
  },
);

import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { as, bodyOf, createHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { sendRaw } from './raw.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await createHarness({
    bodyLimitBytes: 1_000,
    gateway: { headersTimeoutMs: 1_000, requestTimeoutMs: 1_500 },
  });
  const app = harness.core.instance;
  const config = { access: 'public' } as const;
  app.post(
    '/echo',
    { config, schema: { body: Type.Object({ name: Type.String() }) } },
    async (request) => request.body,
  );
  app.get(
    '/things/:id',
    { config, schema: { params: Type.Object({ id: Type.Integer() }) } },
    async () => ({}),
  );
  app.get('/throws', { config }, async () => {
    throw new Error('the password is hunter2');
  });
  app.get('/throws-text', { config }, async () => {
    throw 'text';
  });
  app.post('/nest', { config, bodyLimit: 100_000 }, async () => ({}));
  const Form = Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.Integer() })]);
  app.post(
    '/nest-of-forms',
    { config, bodyLimit: 100_000, schema: { body: Form } },
    async (request) => request.body,
  );
  app.post(
    '/dates',
    { config, schema: { body: Type.Object({ at: Type.String({ format: 'date-time' }) }) } },
    async (request) => request.body,
  );
  app.addContentTypeParser('text/csv', (_request, body, done) => done(null, body));
  // Nothing tells a handler of broken bytes behind its request: it takes a while, in which they arrive.
  app.get('/later', { config }, () => sleep(100, {}));
  app.get('/slow', { config: { ...config, timeoutMs: 100 } }, () => new Promise(() => {}));
  app.post('/slow', { config: { ...config, timeoutMs: 100 } }, () => new Promise(() => {}));
  app.get('/private', { config: { access: 'operator' } }, async () => ({}));
  app.post('/private', { config: { access: 'operator' } }, async () => ({}));
  app.get('/circular', { config }, async () => {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    return value;
  });
  await harness.listen();
});
afterAll(async () => harness[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const cases: readonly [string, string, RequestInit, number, string][] = [
  ['malformed JSON', '/echo', { method: 'POST', headers: json, body: '{"name":' }, 400, 'BODY_MALFORMED'],
  [
    'JSON with a poisoned prototype',
    '/echo',
    { method: 'POST', headers: json, body: '{"__proto__":{}}' },
    400,
    'BODY_MALFORMED',
  ],
  [
    'a text with U+0000',
    '/echo',
    { method: 'POST', headers: json, body: String.raw`{"name":"a\u0000b"}` },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a merge patch with U+0000',
    '/echo',
    {
      method: 'POST',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: String.raw`{"name":"a\u0000b"}`,
    },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a text with half of a surrogate pair',
    '/echo',
    { method: 'POST', headers: json, body: String.raw`{"name":"a\uD83Db"}` },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a field whose name has U+0000',
    '/echo',
    { method: 'POST', headers: json, body: String.raw`{"name":"a","b\u0000":1}` },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a deep nest with U+0000 in it',
    '/nest',
    { method: 'POST', headers: json, body: `${'['.repeat(20_000)}"\\u0000"${']'.repeat(20_000)}` },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a nest of lists that never ends',
    '/nest',
    { method: 'POST', headers: json, body: '['.repeat(100_000) },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a nest of fields that never ends',
    '/nest-of-forms',
    { method: 'POST', headers: json, body: '{"a":'.repeat(19_000) },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a nest of one level too many',
    '/nest',
    { method: 'POST', headers: json, body: `${'['.repeat(101)}${']'.repeat(101)}` },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a date that does not exist in a body',
    '/dates',
    { method: 'POST', headers: json, body: '{"at":"2026-02-30T00:00:00Z"}' },
    400,
    'VALIDATION_FAILED',
  ],
  [
    'a body said to be compressed',
    '/echo',
    { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body: '{"name":"a"}' },
    415,
    'CONTENT_ENCODING_UNSUPPORTED',
  ],
  [
    'a body of no type said to be compressed twice',
    '/slow',
    { method: 'POST', headers: { 'content-encoding': 'identity, br' }, body: 'x' },
    415,
    'CONTENT_ENCODING_UNSUPPORTED',
  ],
  ['a path with U+0000', '/things/%00', {}, 400, 'REQUEST_MALFORMED'],
  ['a query with U+0000', '/things/1?x=%00', {}, 400, 'REQUEST_MALFORMED'],
  ['an empty JSON body', '/echo', { method: 'POST', headers: json, body: '' }, 400, 'BODY_MALFORMED'],
  ['a missing body', '/echo', { method: 'POST' }, 400, 'VALIDATION_FAILED'],
  [
    'a body of the wrong kind',
    '/echo',
    { method: 'POST', headers: json, body: '[]' },
    400,
    'VALIDATION_FAILED',
  ],
  ['a body that is null', '/echo', { method: 'POST', headers: json, body: 'null' }, 400, 'VALIDATION_FAILED'],
  [
    'another content type',
    '/echo',
    { method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<a/>' },
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'a broken content type',
    '/echo',
    { method: 'POST', headers: { 'content-type': ';;' }, body: 'x' },
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'a body above the limit',
    '/echo',
    { method: 'POST', headers: json, body: JSON.stringify({ name: 'x'.repeat(2_000) }) },
    413,
    'BODY_TOO_LARGE',
  ],
  ['an unknown route', '/nowhere', {}, 404, 'ROUTE_NOT_FOUND'],
  [
    'an unknown route with a body',
    '/nowhere',
    { method: 'POST', headers: json, body: '{' },
    404,
    'ROUTE_NOT_FOUND',
  ],
  ['a slash too many', '/private/', {}, 404, 'ROUTE_NOT_FOUND'],
  ['another method', '/echo', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED'],
  ['a param of the wrong kind', '/things/x', {}, 400, 'VALIDATION_FAILED'],
  ['a broken escape in the path', '/things/%zz', {}, 400, 'REQUEST_MALFORMED'],
  ['a param that is too long', `/things/${'1'.repeat(600)}`, {}, 414, 'URL_TOO_LONG'],
  ['a handler that throws', '/throws', {}, 500, 'INTERNAL_ERROR'],
  ['a handler that throws a text', '/throws-text', {}, 500, 'INTERNAL_ERROR'],
  ['an answer that cannot be written', '/circular', {}, 500, 'INTERNAL_ERROR'],
  ['a handler beyond its time', '/slow', {}, 503, 'REQUEST_TIMEOUT'],
  [
    'a handler beyond its time after a body',
    '/slow',
    { method: 'POST', headers: json, body: '{}' },
    503,
    'REQUEST_TIMEOUT',
  ],
  ['no token', '/private', {}, 401, 'TOKEN_MISSING'],
  [
    'a token of another scheme',
    '/private',
    { headers: { authorization: 'Basic eDp5' } },
    401,
    'TOKEN_INVALID',
  ],
  ['a role too low', '/private', { headers: as('viewer') }, 403, 'ROLE_MISSING'],
];

test.each(cases)('%s is answered as problem details', async (_name, path, init, status, code) => {
  const answer = await fetch(harness.url + path, init);
  const problem = await bodyOf(answer);
  expect([answer.status, problem['code']]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(problem).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(problem['remedy']).toEqual(expect.any(String));
  expect(problem['request_id']).toBe(answer.headers.get('x-request-id'));
  expect(JSON.stringify(problem)).not.toContain('hunter2');
  if (code === 'METHOD_NOT_ALLOWED') expect(answer.headers.get('allow')).toBe('OPTIONS, POST');
  if (status === 401) expect(answer.headers.get('www-authenticate')).toContain('Bearer');
});

const get = 'GET /things/1 HTTP/1.1\r\nHost: x\r\n';
const post = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const rawCases: readonly [string, readonly string[], number, string][] = [
  ['bytes that are no request', ['\x16\x03\x01\x02\x00\x01'], 400, 'REQUEST_MALFORMED'],
  ['a request line of nonsense', ['HELLO WORLD\r\n\r\n'], 400, 'REQUEST_MALFORMED'],
  ['an unknown version', ['GET / HTTP/9.9\r\nHost: x\r\n\r\n'], 400, 'REQUEST_MALFORMED'],
  ['a header without a colon', [`${get}Broken\r\n\r\n`], 400, 'REQUEST_MALFORMED'],
  ['a space before the colon', [`${get}Broken : x\r\n\r\n`], 400, 'REQUEST_MALFORMED'],
  ['a null byte in a header', [`${get}X: a\0b\r\n\r\n`], 400, 'REQUEST_MALFORMED'],
  ['headers above the limit', [`${get}X: ${'a'.repeat(20_000)}\r\n\r\n`], 431, 'HEADERS_TOO_LARGE'],
  ['two lengths', [`${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`], 400, 'REQUEST_MALFORMED'],
  [
    'a length and chunks',
    [`${post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    400,
    'REQUEST_MALFORMED',
  ],
  [
    'chunks that are not last',
    [`${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    400,
    'REQUEST_MALFORMED',
  ],
  ['a negative length', [`${post}Content-Length: -1\r\n\r\n`], 400, 'REQUEST_MALFORMED'],
  ['a chunk size of nonsense', [`${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`], 400, 'REQUEST_MALFORMED'],
  ['no host', ['GET /things/1 HTTP/1.1\r\n\r\n'], 400, 'REQUEST_MALFORMED'],
  ['a target that is no path', ['GET things HTTP/1.1\r\nHost: x\r\n\r\n'], 400, 'REQUEST_MALFORMED'],
  ['CONNECT', ['CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n'], 405, 'METHOD_NOT_ALLOWED'],
  ['TRACE', ['TRACE /echo HTTP/1.1\r\nHost: x\r\n\r\n'], 405, 'METHOD_NOT_ALLOWED'],
  ['PROPFIND', ['PROPFIND /echo HTTP/1.1\r\nHost: x\r\n\r\n'], 405, 'METHOD_NOT_ALLOWED'],
  ['headers that never end', [`${get}X: a\r\n`], 408, 'RECEIVE_TIMEOUT'],
  [
    'a body that comes too slowly for its route',
    ['POST /slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{'],
    408,
    'RECEIVE_TIMEOUT',
  ],
  [
    'a handler that leaves the body unread beyond its time',
    ['POST /slow HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 50\r\n\r\na'],
    503,
    'REQUEST_TIMEOUT',
  ],
  [
    'a WebSocket to a plain route',
    [
      `${get}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    ],
    400,
    'UPGRADE_NOT_SUPPORTED',
  ],
];

test.each(rawCases)(
  '%s on the wire is answered as problem details',
  async (_name, parts, status, code) => {
    const answer = await sendRaw(harness.port, parts);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(`"code":"${code}"`)]);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers['x-request-id']).toBeTruthy();
  },
  30_000,
);

test.each([
  ['in one piece', (head: string, tail: string) => [head + tail]],
  ['one by one', (head: string, tail: string) => [head, tail]],
])(
  'broken bytes after whole requests, sent %s, are answered after those',
  async (_, split) => {
    const later = 'GET /later HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const [tail, last] of [
      ['HELLO WORLD\r\n\r\n', 400],
      [`${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
      ['GET /things/1 HTTP/1.1\r\nHo', 408],
    ] as const) {
      const answer = await sendRaw(harness.port, split(`${get}\r\n${later}${get}\r\n`, tail), 5_000);
      const statuses = [...answer.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
      expect([tail, ...statuses]).toEqual([tail, 200, 200, 200, last]);
    }
  },
  30_000,
);

test('an offer of HTTP/2 is ignored and the request answered', async () => {
  const offer = `${get}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`;
  expect((await sendRaw(harness.port, [offer])).status).toBe(200);
});

test('absolute-form and OPTIONS * are understood', async () => {
  expect((await sendRaw(harness.port, ['GET http://any/things/1 HTTP/1.1\r\nHost: x\r\n\r\n'])).status).toBe(
    200,
  );
  expect((await sendRaw(harness.port, ['OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'])).status).toBe(204);
  const options = await fetch(`${harness.url}/echo`, { method: 'OPTIONS' });
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'OPTIONS, POST']);
});

test.each([
  ['by its role', '/private', 403, 'authorization: Bearer viewer-token\r\n'],
  ['by its path', '/nowhere', 404, ''],
  ['by its size', '/echo', 413, 'content-type: application/json\r\n'],
])(
  'a request that is refused %s before its body is complete ends its connection',
  async (_, path, status, more) => {
    const { port } = harness;
    const head = `POST ${path} HTTP/1.1\r\nhost: a\r\n${more}content-length: 5000\r\n\r\n`;
    const answer = await sendRaw(port, [`${head}{"name":`]);
    expect(answer).toMatchObject({ status, headers: { connection: 'close' } });
    const whole = await sendRaw(port, [`POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}`]);
    expect(whole).toMatchObject({ status: 404, headers: { connection: 'keep-alive' } });
  },
);

const statusOf = async (id: string): Promise<number> => (await fetch(`${harness.url}/things/${id}`)).status;

test('a word is no number, and a number with a sign or an exponent is', async () => {
  for (const word of ['true', 'false', 'null', '%20']) expect(await statusOf(word), word).toBe(400);
  for (const number of ['0', '-1', '1e3']) expect(await statusOf(number), number).toBe(200);
});

test('a body said to be as it is, nested a hundred levels deep, with brackets in texts, is taken', async () => {
  const body = `${'['.repeat(99)}{"${'{['.repeat(50)}\\\\":"${'[\\"'.repeat(50)}"}${']'.repeat(99)}`;
  const headers = { ...json, 'content-encoding': 'Identity' };
  expect((await fetch(`${harness.url}/nest`, { method: 'POST', headers, body })).status).toBe(200);
  const without = await fetch(`${harness.url}/things/1`, { headers: { 'content-encoding': 'gzip' } });
  expect(without.status).toBe(200);
});

test('a JSON merge patch is read as JSON by every route', async () => {
  const headers = { 'content-type': 'application/merge-patch+json' };
  const response = await fetch(`${harness.url}/echo`, { method: 'POST', headers, body: '{"name":"a"}' });
  expect(await response.json()).toEqual({ name: 'a' });
  const broken = await fetch(`${harness.url}/echo`, { method: 'POST', headers, body: '{' });
  expect(await bodyOf(broken)).toMatchObject({ code: 'BODY_MALFORMED' });
});

test('a half upload that is given up counts as 499 and leaves nothing in flight', async () => {
  const answer = sendRaw(harness.port, [`${post}Content-Length: 500\r\n\r\n{"name":`], 100);
  const { status } = await answer;
  expect([0, 408]).toContain(status);
  // The three handlers above that never end are still at work.
  await expect.poll(() => harness.activity.of('request')).toBe(3);
  expect((await fetch(`${harness.url}/things/1`)).status).toBe(200);
});

test('a text that only looks like U+0000 is taken', async () => {
  const init = { method: 'POST', headers: json, body: String.raw`{"name":"a\\u0000"}` };
  expect(await bodyOf(await fetch(`${harness.url}/echo`, init))).toEqual({ name: String.raw`a\u0000` });
});

test('a surrogate pair that is whole is taken', async () => {
  const init = { method: 'POST', headers: json, body: String.raw`{"name":"\ud83d\ude00"}` };
  expect(await bodyOf(await fetch(`${harness.url}/echo`, init))).toEqual({ name: '\u{1f600}' });
});

test('a thrown error is logged with its cause under the request id', async () => {
  const answer = await fetch(`${harness.url}/throws`, { headers: { 'x-request-id': 'given-id-0001' } });
  expect(answer.headers.get('x-request-id')).toBe('given-id-0001');
  await expect
    .poll(() => harness.lines.filter((line) => line['correlation_id'] === 'given-id-0001').length)
    .toBe(2);
  const line = harness.lines.find(
    (one) => one['correlation_id'] === 'given-id-0001' && one['level'] === 'ERROR',
  );
  expect(line).toMatchObject({ logger: 'core.http', message: 'a request failed', code: 'INTERNAL_ERROR' });
  expect(JSON.stringify(line)).toContain('the password is hunter2');
});

import { expect, test } from 'vitest';
import { ApiError } from './api-error.ts';
import { contentOf, request } from './requests.ts';

/** What arrives for a call, with the answer given. */
async function arrived(...call: Parameters<typeof request> extends [unknown, ...infer Rest] ? Rest : never) {
  const sent: Request[] = [];
  const send = async (given: Request): Promise<Response> => {
    sent.push(given);
    return new Response(null, { status: 204 });
  };
  await request({ baseUrl: 'http://127.0.0.1:8000/', send }, ...call);
  return sent[0] ?? new Request('http://nowhere');
}

const failing = async (answer: Response): Promise<ApiError> => {
  const failed: unknown = await request(
    { baseUrl: 'http://127.0.0.1', send: async () => answer },
    'GET',
    '/x',
    {
      params: { query: { q: 'ada@example.com' } },
    },
  ).catch((error: unknown) => error);
  if (!(failed instanceof ApiError)) throw new Error('it was no ApiError', { cause: failed });
  return failed;
};

test('path, query and headers are put where they belong; objects in the query go as JSON', async () => {
  const { url, headers } = await arrived('GET', '/things/{id}/parts', {
    params: {
      path: { id: 'a/b?c' },
      query: { q: 'x&y', none: undefined, many: ['1', '2'], filter: { amount: { gte: '10' } } },
      header: { 'if-none-match': '"1"' },
    },
    headers: { 'x-own': '1' },
  });
  const filter = encodeURIComponent('{"amount":{"gte":"10"}}');
  expect(url).toBe(`http://127.0.0.1:8000/things/a%2Fb%3Fc/parts?q=x%26y&many=1&many=2&filter=${filter}`);
  expect(Object.fromEntries(headers)).toEqual({ 'if-none-match': '"1"', 'x-own': '1' });
});

test('a JSON body is written as JSON, a file as it is', async () => {
  const json = await arrived('PATCH', '/x', {
    body: { a: null },
    contentType: 'application/merge-patch+json',
  });
  expect([json.headers.get('content-type'), await json.text()]).toEqual([
    'application/merge-patch+json',
    '{"a":null}',
  ]);
  const streamed = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('a,b'));
      controller.close();
    },
  });
  const bytes = new TextEncoder().encode('a,b');
  for (const body of ['a,b', new Blob(['a,b']), bytes, bytes.buffer, streamed]) {
    const file = await arrived('POST', '/x', { body, contentType: 'text/csv' });
    expect([file.headers.get('content-type'), await file.text()]).toEqual(['text/csv', 'a,b']);
  }
});

test.each(['', '.', '..'])(
  'a part of a path that is "%s" is refused, since it would lead elsewhere',
  async (id) => {
    await expect(arrived('DELETE', '/things/{id}', { params: { path: { id } } })).rejects.toThrow(
      'id of /things/{id} is',
    );
  },
);

test('an error has what its problem details say', async () => {
  const problem = {
    type: '/docs/errors#validation_failed',
    title: 'Bad Request',
    status: 400,
    detail: 'The request has faults.',
    code: 'VALIDATION_FAILED',
    remedy: 'Correct them.',
    request_id: 'r1',
    faults: [{ path: '/name', message: 'is required' }],
    details: { current: { version: 2 } },
  };
  expect(await failing(Response.json(problem, { status: 400 }))).toMatchObject({
    name: 'ApiError',
    message: problem.detail,
    code: problem.code,
    status: 400,
    remedy: problem.remedy,
    requestId: 'r1',
    faults: problem.faults,
    details: problem.details,
  });
});

test.each([
  ['HTML of a proxy', new Response('<h1>Bad Gateway</h1>', { status: 502 })],
  ['nothing', new Response(null, { status: 502 })],
  [
    'what says it is JSON, and is not',
    new Response('{', { status: 502, headers: { 'content-type': 'application/json' } }),
  ],
  ['JSON that is no problem', Response.json([], { status: 502 })],
  ['a problem of other types', Response.json({ code: 1, faults: [{}, null], details: 'x' }, { status: 502 })],
])('an error answered with %s names the request, without its query', async (_title, answer) => {
  expect(await failing(answer)).toMatchObject({
    code: 'UNEXPECTED_ANSWER',
    status: 502,
    message: 'GET http://127.0.0.1/x was answered with 502',
    faults: [],
    details: {},
  });
});

test('the content of an answer follows its media type', async () => {
  expect(await contentOf(Response.json({ a: 1 }))).toEqual({ a: 1 });
  expect(await contentOf(new Response('a,b'))).toBe('a,b');
  expect(await contentOf(new Response(null, { status: 204 }))).toBeUndefined();
  const broken = new Response('{', { headers: { 'content-type': 'application/json' } });
  await expect(contentOf(broken)).rejects.toThrow('The answer says it is JSON, and is not: {');
});

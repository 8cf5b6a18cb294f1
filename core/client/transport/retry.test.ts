import { describe, expect, test } from 'vitest';
import { ConnectionError } from '../api-error.ts';
import { retrying } from './retry.ts';
import type { Send } from './send.ts';

const lost = new TypeError('fetch failed');

/** Answers with each of these in turn, and keeps what it was sent; an error is thrown. */
function scripted(...answers: readonly (Response | Error)[]): {
  send: Send;
  sent: Request[];
  bodies: string[];
} {
  const [sent, bodies]: [Request[], string[]] = [[], []];
  const rest = [...answers];
  return {
    sent,
    bodies,
    async send(request) {
      sent.push(request);
      bodies.push(await request.text());
      const answer = rest.shift();
      if (answer === undefined) throw new Error('more was sent than expected');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

const soon = (status: number) => new Response(null, { status, headers: { 'retry-after': '0' } });
const done = () => Response.json({ done: true });
const keyed = { 'content-type': 'application/json', 'idempotency-key': 'k' };
const url = 'http://127.0.0.1/api';
const post = (headers: Record<string, string>) =>
  new Request(url, { method: 'POST', headers, body: '{"a":1}' });

describe('retrying', () => {
  test('sends a keyed write again, with its key and body, until it is answered', async () => {
    const { send, sent, bodies } = scripted(lost, soon(409), soon(503), done());
    const answer = await retrying(send, {})(post(keyed));
    expect(await answer.json()).toEqual({ done: true });
    expect(bodies).toEqual(Array.from({ length: 4 }, () => '{"a":1}'));
    expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['k', 'k', 'k', 'k']);
  });

  test('sends a write without a key once, since it may have been done', async () => {
    const { send, sent } = scripted(lost);
    const refused = retrying(send, {})(post({ 'content-type': 'application/json' }));
    await expect(refused).rejects.toMatchObject({ name: 'ConnectionError', attempts: 1, cause: lost });
    expect(sent).toHaveLength(1);
  });

  test('sends a file once, since its bytes are not kept', async () => {
    const { send } = scripted(soon(503));
    const answer = await retrying(send, {})(post({ ...keyed, 'content-type': 'text/csv' }));
    expect(answer.status).toBe(503);
  });

  test('gives up after its retries, with what failed last', async () => {
    const { send, sent } = scripted(lost, lost);
    const failed = retrying(send, { retries: 1 })(new Request(url));
    await expect(failed).rejects.toBeInstanceOf(ConnectionError);
    await expect(failed).rejects.toMatchObject({ attempts: 2, message: `GET ${url} had no answer` });
    expect(sent).toHaveLength(2);
  });

  test.each([
    ['an error without Retry-After', new Response(null, { status: 503 })],
    ['a wait longer than allowed', new Response(null, { status: 503, headers: { 'retry-after': '31' } })],
    ['another status', soon(500)],
    [
      'a Retry-After that is no time',
      new Response(null, { status: 503, headers: { 'retry-after': 'soon' } }),
    ],
  ])('gives %s as it is', async (_title, answer) => {
    const { send, sent } = scripted(answer);
    expect(await retrying(send, {})(new Request(url))).toBe(answer);
    expect(sent).toHaveLength(1);
  });

  test('a Retry-After may be a date', async () => {
    const past = new Response(null, { status: 429, headers: { 'retry-after': new Date(0).toUTCString() } });
    const { send, sent } = scripted(past, done());
    expect((await retrying(send, {})(new Request(url))).status).toBe(200);
    expect(sent).toHaveLength(2);
  });

  test('a JSON answer that breaks off is asked for again', async () => {
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new TypeError('terminated'));
      },
    });
    const headers = { 'content-type': 'application/json' };
    const { send } = scripted(new Response(broken, { headers }), done());
    expect(await (await retrying(send, {})(new Request(url))).json()).toEqual({ done: true });
  });

  test('an abort ends the wait for the next attempt', async () => {
    const stop = new AbortController();
    const { send, sent } = scripted(new Response(null, { status: 503, headers: { 'retry-after': '20' } }));
    const sending = retrying(async (request) => {
      setImmediate(() => stop.abort(new Error('the page was left')));
      return send(request);
    }, {})(new Request(url, { signal: stop.signal }));
    await expect(sending).rejects.toThrow('the page was left');
    expect(sent).toHaveLength(1);
  });
});

import { describe, expect, test } from 'vitest';
import { TokenKeeper } from '../token.ts';
import type { Token } from '../token.ts';
import { authorized } from './authorize.ts';

const url = 'http://127.0.0.1/api';

/** An appliance that takes one token only, and what it was sent. */
function guarded(valid: string, token: Token) {
  const sent: string[] = [];
  const send = authorized(async (request) => {
    const authorization = request.headers.get('authorization') ?? 'none';
    sent.push(`${authorization} ${await request.text()}`);
    return new Response(null, { status: authorization === `Bearer ${valid}` ? 200 : 401 });
  }, new TokenKeeper(token));
  return { send, sent };
}

describe('authorized', () => {
  test('asks for another token when one is refused, once for all requests under way, and keeps it', async () => {
    let asked = 0;
    const { send, sent } = guarded('2', async () => String((asked += 1)));
    const answers = await Promise.all([1, 2, 3].map(() => send(new Request(url))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await send(new Request(url))).status).toBe(200);
    expect([asked, sent.length]).toEqual([2, 7]);
  });

  test('sends the body again with the new token', async () => {
    let asked = 0;
    const { send, sent } = guarded('2', () => String((asked += 1)));
    const headers = { 'content-type': 'application/json' };
    await send(new Request(url, { method: 'POST', headers, body: '{}' }));
    expect(sent).toEqual(['Bearer 1 {}', 'Bearer 2 {}']);
  });

  test('a second refusal is the answer', async () => {
    const { send, sent } = guarded('never', () => 'x');
    expect((await send(new Request(url))).status).toBe(401);
    expect(sent).toHaveLength(2);
  });

  test('a token that is text is sent once', async () => {
    const { send, sent } = guarded('2', '1');
    expect((await send(new Request(url))).status).toBe(401);
    expect(sent).toEqual(['Bearer 1 ']);
  });
});

describe('TokenKeeper', () => {
  test('asks again once a token is at its end', async () => {
    let asked = 0;
    const keeper = new TokenKeeper(() => ({
      token: String((asked += 1)),
      lifetimeMs: asked === 1 ? 0 : 60_000,
    }));
    expect([await keeper.token(), await keeper.token(), await keeper.token()]).toEqual(['1', '2', '2']);
  });

  test('a failure to get one is told, and not kept', async () => {
    let fails = true;
    const keeper = new TokenKeeper(async () => {
      if (fails) throw new Error('no token');
      return 'good';
    });
    await expect(keeper.token()).rejects.toThrow('no token');
    const both = await Promise.allSettled([keeper.token(), keeper.token()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await keeper.token()).toBe('good');
  });
});

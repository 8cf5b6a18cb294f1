import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, beginSignIn, csrfOf } from './browser.ts';
import { startScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';

let scenario: Scenario;

beforeAll(async () => {
  scenario = await startScenario();
});

afterAll(() => scenario[Symbol.asyncDispose]());

const texts = [
  '',
  '\0',
  '%',
  '%00',
  '\u{1f600}',
  "' or 1=1 --",
  '{"a":1}',
  'a.b.c',
  '../../etc/passwd',
  'x'.repeat(9000),
];
const form = 'application/x-www-form-urlencoded';

const bodies = texts.flatMap((text) => {
  const value = encodeURIComponent(text);
  return [
    `grant_type=${value}`,
    `grant_type=client_credentials&client_id=${value}&client_secret=${value}`,
    `grant_type=authorization_code&client_id=console&code=${value}&code_verifier=${value}&redirect_uri=${value}`,
    `grant_type=refresh_token&client_id=console&refresh_token=${value}`,
    `token=${value}&client_id=console`,
    `token=${value}&token=${value}&client_id=${value}`,
    `id_token_hint=${value}&post_logout_redirect_uri=${value}&client_id=${value}`,
    `xsrf=${value}&logout=yes`,
  ];
});

describe('nonsense is refused, never a fault of ours', () => {
  it.each(['auth', 'token', 'userinfo', 'logout', 'logout/confirm', 'token/introspect', 'revoke'])(
    'sent to %s',
    async (name) => {
      for (const body of bodies) {
        const response = await fetch(scenario.endpoint(name), {
          method: 'POST',
          body,
          headers: { 'content-type': form },
          redirect: 'manual',
        });
        expect(response.status, body.slice(0, 100)).toBeLessThan(500);
      }
      for (const type of [
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=x',
        'nonsense',
        `${form}; charset=utf-7`,
      ]) {
        const response = await fetch(scenario.endpoint(name), {
          method: 'POST',
          body: '{"token":1}',
          headers: { 'content-type': type },
          redirect: 'manual',
        });
        expect(response.status, type).toBeLessThan(500);
      }
    },
  );

  it('in the address of a sign-in', async () => {
    for (const text of texts) {
      for (const name of [
        'client_id',
        'redirect_uri',
        'scope',
        'state',
        'prompt',
        'max_age',
        'code_challenge',
        'id_token_hint',
        'login_hint',
        'claims',
      ]) {
        const { url } = beginSignIn(scenario.replica.realm, 'console', { [name]: text });
        const response = await fetch(url, { redirect: 'manual' });
        expect(response.status, `${name}=${text.slice(0, 40)}`).toBeLessThan(500);
      }
    }
  });

  it('in headers', async () => {
    for (const authorization of [
      'Basic',
      'Basic %%%',
      'Basic AAAA',
      `Basic ${btoa('\0:\0')}`,
      'Bearer',
      'Bearer \u00ff',
      'Bearer a.b.c',
      'Digest x',
    ]) {
      for (const name of ['token', 'userinfo', 'token/introspect']) {
        const response = await fetch(scenario.endpoint(name), {
          method: 'POST',
          body: 'grant_type=client_credentials&token=a.b.c',
          headers: { 'content-type': form, authorization },
        });
        expect(response.status, `${name} ${authorization}`).toBeLessThan(500);
      }
    }
  });

  it('in the sign-in form and its cookies', async () => {
    const browser = new Browser();
    const page = await browser.open(beginSignIn(scenario.replica.realm, 'console').url);
    const csrf = csrfOf(await page.response.text());
    for (const text of texts) {
      const { response } = await browser.submit(page.url, { name: text, password: text, csrf });
      expect([400, 401, 429], text.slice(0, 40)).toContain(response.status);
      const stranger = await fetch(page.url, {
        headers: { cookie: encodeURIComponent(text).slice(0, 3000) },
      });
      expect(stranger.status).toBe(400);
    }
  });

  it('in names given to the services', async () => {
    const { users, clients } = scenario.replica.auth;
    await expect(users.get('\0')).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
    await expect(users.disable('a\0')).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
    await expect(clients.get('\0')).rejects.toMatchObject({ code: 'CLIENT_NOT_FOUND' });
    await expect(clients.disable('\0')).rejects.toMatchObject({ code: 'CLIENT_NOT_FOUND' });
    expect(await users.list({ cursor: '\0' })).toMatchObject({ next_cursor: null });
    expect(await users.find('\0')).toBeUndefined();
    await expect(users.create({ name: 'nul', email: 'a\0@b', roles: [] })).rejects.toMatchObject({
      code: 'USER_INVALID',
    });
    await expect(
      clients.create({ client_id: 'nul', redirect_uris: ['https://a.example/\0'] }),
    ).rejects.toMatchObject({
      code: 'CLIENT_INVALID',
    });
    await expect(clients.create({ client_id: 'nul', name: 'a\0b' })).rejects.toMatchObject({
      code: 'CLIENT_INVALID',
    });
  });
});

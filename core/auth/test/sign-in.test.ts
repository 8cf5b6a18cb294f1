import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, beginSignIn, csrfOf, postForm, redirectUri, signIn } from './browser.ts';
import { startScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';

let scenario: Scenario;

beforeAll(async () => {
  scenario = await startScenario();
});

afterAll(() => scenario[Symbol.asyncDispose]());

describe('authorization code with PKCE', () => {
  it('signs a person in and gives access, id and refresh token', async () => {
    const tokens = await scenario.personTokens();
    const claims = decodeJwt(tokens.access_token);
    expect(claims).toMatchObject({
      iss: scenario.replica.realm,
      sub: scenario.adaId,
      azp: 'console',
      preferred_username: 'ada',
      email: 'ada@example.org',
      realm_access: { roles: ['operator'] },
      sid: expect.any(String),
      scope: 'openid profile email roles',
    });
    expect(await scenario.replica.auth.verify(tokens.access_token)).toEqual({
      id: scenario.adaId,
      kind: 'user',
      name: 'ada',
      roles: ['operator'],
      teams: [],
      leads: [],
    });
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({
      aud: 'console',
      sub: scenario.adaId,
      preferred_username: 'ada',
    });
    const userinfo = await fetch(scenario.endpoint('userinfo'), {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(await userinfo.json()).toMatchObject({
      sub: scenario.adaId,
      preferred_username: 'ada',
      email: 'ada@example.org',
    });
    expect(scenario.appliance.events).toContainEqual({
      type: 'user.signed_in',
      data: expect.objectContaining({ name: 'ada' }),
    });
  });

  it('signs in a second time without asking, as long as the session lasts', async () => {
    const browser = new Browser();
    await scenario.personTokens(browser);
    const { url, verifier } = beginSignIn(scenario.replica.realm, 'console');
    const done = await browser.open(url);
    await scenario.redeem(new URL(done.url).searchParams.get('code') ?? '', verifier);
  });

  it('refuses to begin without a challenge, with the plain method, and for a foreign redirect', async () => {
    const browser = new Browser();
    const { url } = beginSignIn(scenario.replica.realm, 'console');
    const bare = new URL(url);
    bare.searchParams.delete('code_challenge');
    bare.searchParams.delete('code_challenge_method');
    expect(new URL((await browser.open(bare.href)).url).searchParams.get('error')).toBe('invalid_request');
    const plain = beginSignIn(scenario.replica.realm, 'console', { code_challenge_method: 'plain' });
    expect(new URL((await browser.open(plain.url)).url).searchParams.get('error')).toBe('invalid_request');
    const foreign = beginSignIn(scenario.replica.realm, 'console', {
      redirect_uri: 'https://evil.example/callback',
    });
    const { response } = await browser.open(foreign.url);
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
  });

  it.each([
    'https://evil.example/callback',
    `${redirectUri}.evil.example`,
    `${redirectUri}/../evil`,
    `${redirectUri}?next=https://evil.example`,
    `${redirectUri}#x`,
    redirectUri.replace('https://', 'https://evil.example@'),
    redirectUri.replace('https://', 'https://console.example@evil.example/'),
    redirectUri.replace('https://', 'http://'),
    redirectUri.replace('https://', '//'),
    redirectUri.replace('https:', 'javascript:'),
    redirectUri.toUpperCase(),
    `${redirectUri} https://evil.example/`,
  ])('answers in place of leading to %j', async (redirect) => {
    const { url } = beginSignIn(scenario.replica.realm, 'console', { redirect_uri: redirect });
    const { response } = await new Browser().open(url);
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
  });

  it('refuses a wrong verifier, and a code used twice ends what it gave', async () => {
    const { url, verifier } = beginSignIn(scenario.replica.realm, 'console');
    const browser = new Browser();
    const code = await signIn(browser, url, scenario.ada);
    const form = { grant_type: 'authorization_code', client_id: 'console', redirect_uri: redirectUri, code };
    const wrong = await postForm(scenario.endpoint('token'), { ...form, code_verifier: `${verifier}x` });
    expect(wrong.body.error).toBe('invalid_grant');
    const tokens = await scenario.redeem(code, verifier);
    const again = await postForm(scenario.endpoint('token'), { ...form, code_verifier: verifier });
    expect(again.body.error).toBe('invalid_grant');
    await expect(scenario.replica.auth.verify(tokens.access_token)).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
    });
  });

  it('never takes the id token or the refresh token for an access token', async () => {
    const tokens = await scenario.personTokens();
    await expect(scenario.replica.auth.verify(tokens.id_token ?? '')).rejects.toMatchObject({
      cause: { reason: 'kind_wrong' },
    });
    await expect(scenario.replica.auth.verify(tokens.refresh_token)).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
    });
  });
});

const open = async (browser: Browser): Promise<{ url: string; html: string; response: Response }> => {
  const page = await browser.open(beginSignIn(scenario.replica.realm, 'console').url);
  return { url: page.url, html: await page.response.text(), response: page.response };
};

describe('what the realm answers', () => {
  it.each([
    ['the page that ends no session', 'logout'],
    ['the page that takes a fault to the client', 'auth', 'form_post'],
    ['the key set', 'certs'],
  ])('%s is neither framed nor sniffed nor told to others', async (_what, name, mode = 'query') => {
    const { url } = beginSignIn(scenario.replica.realm, 'console', { prompt: 'none', response_mode: mode });
    const { headers, ok } = await fetch(`${scenario.endpoint(name)}${new URL(url).search}`);
    expect([ok, headers.get('content-security-policy')]).toEqual([
      mode === 'query',
      expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
    ]);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('a page that sends its form on may run that one script and no other', async () => {
    const { url } = beginSignIn(scenario.replica.realm, 'console', {
      prompt: 'none',
      response_mode: 'form_post',
    });
    const page = await fetch(url);
    const script = /<script>([^]*?)<\/script>/.exec(await page.text())?.[1] ?? '';
    const digest = createHash('sha256').update(script).digest('base64');
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'sha256-${digest}';`);
  });
});

describe('the sign-in page', () => {
  it('needs no script, asks no other host, and says so in its policy', async () => {
    const { html, response } = await open(new Browser());
    expect(html).not.toMatch(/<script|https?:\/\/(?!127\.0\.0\.1)|src=/);
    expect(html).toMatch(/<html lang="en">/);
    expect(html).toMatch(/<label for="name">[\s\S]*<label for="password">/);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self' https://console.example");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe/);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('answers a wrong password, an unknown name and a disabled user alike', async () => {
    const { user } = await scenario.replica.auth.users.create({
      name: 'gone',
      roles: ['viewer'],
      password: scenario.ada.password,
    });
    await scenario.replica.auth.users.disable(user.id);
    const answers = new Set<string>();
    for (const who of [
      { name: 'ada', password: 'wrong wrong wrong' },
      { name: 'nobody-here', password: scenario.ada.password },
      { name: 'gone', password: scenario.ada.password },
    ]) {
      const browser = new Browser();
      const page = await open(browser);
      const { response } = await browser.submit(page.url, { ...who, csrf: csrfOf(page.html) });
      expect(response.status).toBe(401);
      const alert = /role="alert"[^>]*>([^<]*)/.exec(await response.text())?.[1] ?? '';
      answers.add(alert);
    }
    expect([...answers]).toEqual(['The user name or the password is not right.']);
  });

  it('refuses a form that another site sent, or whose token is of another sign-in', async () => {
    const browser = new Browser();
    const mine = await open(browser);
    const other = await open(new Browser());
    for (const [csrf, headers] of [
      ['', {}],
      [csrfOf(other.html), {}],
      [csrfOf(mine.html), { 'sec-fetch-site': 'cross-site' }],
    ] as const) {
      const response = await browser.request(mine.url, {
        method: 'POST',
        body: new URLSearchParams({ ...scenario.ada, csrf }),
        headers,
      });
      expect(response.status).toBe(403);
    }
    const stranger = await new Browser().request(mine.url, {
      method: 'POST',
      body: new URLSearchParams({ ...scenario.ada, csrf: csrfOf(mine.html) }),
    });
    expect(stranger.status).toBe(400);
  });

  it('writes what was typed as text, not as markup', async () => {
    const browser = new Browser();
    const { url, html } = await open(browser);
    const { response } = await browser.submit(url, {
      name: '"><img src=x>',
      password: 'x',
      csrf: csrfOf(html),
    });
    expect(await response.text()).not.toContain('<img');
  });

  it('blocks a user after five failures, also with the right password, and no one else', async () => {
    await scenario.replica.auth.users.create({
      name: 'guessed',
      password: scenario.ada.password,
      roles: ['viewer'],
    });
    const browser = new Browser();
    const { url, html } = await open(browser);
    const csrf = csrfOf(html);
    const attempt = (name: string, password: string): ReturnType<Browser['submit']> =>
      browser.submit(url, { name, password, csrf });
    // At once, so that counting cannot be outrun.
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async () => (await attempt('guessed', 'wrong wrong wrong')).response.status),
    );
    expect(statuses.filter((status) => status === 401)).toHaveLength(6);
    const blocked = await attempt('guessed', scenario.ada.password);
    expect(blocked.response.status).toBe(429);
    expect(Number(blocked.response.headers.get('retry-after'))).toBeGreaterThan(0);
    await scenario.appliance.database.core().query(`delete from auth_attempts where key like 'address:%'`);
    await scenario.personTokens();
  });

  it('refuses a body beyond its limit', async () => {
    const browser = new Browser();
    const { url } = await open(browser);
    const response = await browser.request(url, {
      method: 'POST',
      body: new URLSearchParams({ name: 'x'.repeat(70_000) }),
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });
});

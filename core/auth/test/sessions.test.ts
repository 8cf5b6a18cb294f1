import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, beginSignIn, postForm, signIn } from './browser.ts';
import { startScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';

let scenario: Scenario;

beforeAll(async () => {
  scenario = await startScenario();
});

afterAll(() => scenario[Symbol.asyncDispose]());

describe('refresh tokens', () => {
  it('rotate', async () => {
    const first = await scenario.personTokens();
    const { body } = await scenario.refresh(first.refresh_token);
    expect(body.refresh_token).not.toBe(first.refresh_token);
    expect((await scenario.replica.auth.verify(body.access_token)).name).toBe('ada');
    expect((await scenario.refresh(body.refresh_token ?? '')).status).toBe(200);
  });

  it('used twice end the whole grant, access tokens included', async () => {
    const first = await scenario.personTokens();
    const second = (await scenario.refresh(first.refresh_token)).body;
    expect((await scenario.refresh(first.refresh_token)).body.error).toBe('invalid_grant');
    expect((await scenario.refresh(second.refresh_token ?? '')).body.error).toBe('invalid_grant');
    for (const token of [first.access_token, second.access_token]) {
      await expect(scenario.replica.auth.verify(token)).rejects.toMatchObject({
        cause: { reason: 'revoked' },
      });
    }
  });

  it('used twice at the same moment leave nothing valid', async () => {
    const first = await scenario.personTokens();
    const answers = await Promise.all(Array.from({ length: 6 }, () => scenario.refresh(first.refresh_token)));
    for (const { body } of answers.filter(({ status }) => status === 200)) {
      expect((await scenario.refresh(body.refresh_token ?? '')).body.error).toBe('invalid_grant');
      await expect(scenario.replica.auth.verify(body.access_token)).rejects.toMatchObject({
        code: 'TOKEN_INVALID',
      });
    }
  });

  it('are stored as hashes only', async () => {
    const { refresh_token: token } = await scenario.personTokens();
    const rows = await scenario.appliance.database
      .core()
      .query('select id, payload::text from auth_artifacts');
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe('introspection and revocation', () => {
  it('introspection tells what a valid token says', async () => {
    const tokens = await scenario.personTokens();
    expect(await scenario.introspect(tokens.access_token)).toMatchObject({
      active: true,
      aud: 'orchestrall',
      iss: scenario.replica.realm,
      sub: scenario.adaId,
      azp: 'console',
      client_id: 'console',
      username: 'ada',
      realm_access: { roles: ['operator'] },
      jti: decodeJwt(tokens.access_token).jti,
      token_type: 'Bearer',
    });
    expect(await scenario.introspect(tokens.refresh_token)).toMatchObject({
      active: true,
      sub: scenario.adaId,
    });
    expect(await scenario.introspect(await scenario.serviceToken())).toMatchObject({
      active: true,
      sub: expect.any(String),
      username: 'service-account-worker',
    });
  });

  it('introspection calls a forged token, a bare jti and nonsense inactive, and wants a client', async () => {
    const { access_token: token } = await scenario.personTokens();
    const [head, body, signature = ''] = token.split('.');
    for (const other of [
      `${head}.${body}.${signature.slice(0, -8)}AAAAAAAA`,
      String(decodeJwt(token).jti),
      'nonsense',
      'a.b.c',
    ]) {
      expect(await scenario.introspect(other)).toEqual({ active: false });
    }
    expect((await postForm(scenario.endpoint('token/introspect'), { token })).status).toBe(400);
    expect(
      (
        await postForm<{ active: boolean }>(scenario.endpoint('token/introspect'), {
          token,
          client_id: 'console',
        })
      ).body.active,
    ).toBe(false);
  });

  it('a revoked access token is refused at once here and within a second on another replica', async () => {
    const other = await scenario.appliance.start({ publicUrl: scenario.replica.url });
    const token = await scenario.serviceToken();
    expect((await other.auth.verify(token)).name).toBe('worker');
    const { status } = await postForm(scenario.endpoint('revoke'), { token }, scenario.service());
    expect(status).toBe(200);
    await expect(scenario.replica.auth.verify(token)).rejects.toMatchObject({ cause: { reason: 'revoked' } });
    expect(await scenario.introspect(token)).toEqual({ active: false });
    await expect
      .poll(
        () =>
          other.auth.verify(token).then(
            () => 'accepted',
            () => 'refused',
          ),
        { timeout: 5000, interval: 20 },
      )
      .toBe('refused');
    await other[Symbol.asyncDispose]();
  });

  it('a client cannot revoke the token of another', async () => {
    const { access_token: token } = await scenario.personTokens();
    await postForm(scenario.endpoint('revoke'), { token }, scenario.service());
    expect((await scenario.replica.auth.verify(token)).name).toBe('ada');
  });

  it('revoking a refresh token ends the access tokens of its grant', async () => {
    const tokens = await scenario.personTokens();
    expect(
      (await postForm(scenario.endpoint('revoke'), { token: tokens.refresh_token, client_id: 'console' }))
        .status,
    ).toBe(200);
    await expect(scenario.replica.auth.verify(tokens.access_token)).rejects.toMatchObject({
      cause: { reason: 'revoked' },
    });
    expect((await scenario.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant');
  });
});

describe('logout', () => {
  it('ends session, refresh and access token, and leads back to the client', async () => {
    const browser = new Browser();
    const tokens = await scenario.personTokens(browser);
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'https://console.example/',
    });
    const page = await browser.open(`${scenario.endpoint('logout')}?${query.toString()}`);
    const html = await page.response.text();
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const done = await browser.submit(`${scenario.endpoint('logout')}/confirm`, { xsrf, logout: 'yes' });
    expect(done.url).toBe('https://console.example/');
    await expect(scenario.replica.auth.verify(tokens.access_token)).rejects.toMatchObject({
      cause: { reason: 'revoked' },
    });
    expect((await scenario.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant');
    const again = await browser.open(beginSignIn(scenario.replica.realm, 'console').url);
    expect(again.url).toContain('/sign-in/');
  });

  it.each([
    'https://evil.example/',
    'https://console.example.evil.example/',
    'https://console.example/evil',
    '//evil',
  ])('does not lead to %s', async (redirect) => {
    const browser = new Browser();
    const tokens = await scenario.personTokens(browser);
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: redirect,
    });
    const { response } = await browser.open(`${scenario.endpoint('logout')}?${query.toString()}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
  });
});

describe('users', () => {
  it('who are disabled lose every session and token at once', async () => {
    const browser = new Browser();
    const tokens = await scenario.personTokens(browser);
    await scenario.replica.auth.users.disable('ada');
    await expect(scenario.replica.auth.verify(tokens.access_token)).rejects.toMatchObject({
      cause: { reason: 'revoked' },
    });
    expect((await scenario.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant');
    expect((await browser.open(beginSignIn(scenario.replica.realm, 'console').url)).url).toContain(
      '/sign-in/',
    );
    await scenario.replica.auth.users.enable('ada');
    await scenario.personTokens();
  });

  it('whose roles change lose their access tokens and refresh into the new roles', async () => {
    const tokens = await scenario.personTokens();
    await scenario.replica.auth.users.setRoles('ada', ['viewer']);
    await expect(scenario.replica.auth.verify(tokens.access_token)).rejects.toMatchObject({
      cause: { reason: 'revoked' },
    });
    const { body } = await scenario.refresh(tokens.refresh_token);
    expect((await scenario.replica.auth.verify(body.access_token)).roles).toEqual(['viewer']);
    await scenario.replica.auth.users.setRoles('ada', ['operator']);
  });

  it('with a lost password get a new one that ends what was open', async () => {
    const tokens = await scenario.personTokens();
    const { password } = await scenario.replica.auth.users.resetPassword('ada');
    await expect(scenario.replica.auth.verify(tokens.access_token)).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
    });
    await expect(
      signIn(new Browser(), beginSignIn(scenario.replica.realm, 'console').url, scenario.ada),
    ).rejects.toThrow(/no code: 401/);
    await signIn(new Browser(), beginSignIn(scenario.replica.realm, 'console').url, {
      name: 'ada',
      password,
    });
    await scenario.replica.auth.users.resetPassword('ada', scenario.ada.password);
    expect(
      JSON.stringify([scenario.appliance.entries, scenario.appliance.events, scenario.replica.logged]),
    ).not.toContain(password);
  });
});

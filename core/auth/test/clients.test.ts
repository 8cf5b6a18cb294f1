import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, postForm } from './browser.ts';
import { startScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';

let scenario: Scenario;

beforeAll(async () => {
  scenario = await startScenario();
});

afterAll(() => scenario[Symbol.asyncDispose]());

describe('discovery', () => {
  it("lists Keycloak's paths under the issuer", async () => {
    const response = await fetch(`${scenario.replica.realm}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      issuer: scenario.replica.realm,
      authorization_endpoint: scenario.endpoint('auth'),
      token_endpoint: scenario.endpoint('token'),
      jwks_uri: scenario.endpoint('certs'),
      userinfo_endpoint: scenario.endpoint('userinfo'),
      end_session_endpoint: scenario.endpoint('logout'),
      introspection_endpoint: scenario.endpoint('token/introspect'),
      revocation_endpoint: scenario.endpoint('revoke'),
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
    });
  });

  it('ignores forwarding headers and a foreign host', async () => {
    const response = await fetch(`${scenario.replica.realm}/.well-known/openid-configuration`, {
      headers: {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example',
      },
    });
    expect(await response.text()).not.toContain('evil.example');
  });

  it('publishes public keys only', async () => {
    const keys = (await (await fetch(scenario.endpoint('certs'))).json()) as {
      keys: Record<string, unknown>[];
    };
    expect(keys.keys.length).toBeGreaterThan(0);
    for (const key of keys.keys) {
      expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', kid: expect.any(String) });
      for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(name);
    }
  });
});

describe('unknown routes', () => {
  it.each([
    ['GET', '/protocol/openid-connect/token'],
    ['POST', '/protocol/openid-connect/certs'],
    ['GET', '/protocol/openid-connect/nothing'],
    ['GET', ''],
    ['GET', '/../../api'],
    ['DELETE', '/sign-in'],
  ])('answer %s %s with problem details', async (method, path) => {
    const response = await fetch(`${scenario.replica.realm}${path}`, { method });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({
      status: 404,
      code: 'ROUTE_NOT_FOUND',
      detail: expect.any(String),
    });
  });
});

describe('client credentials', () => {
  it("give a token with Keycloak's claims that the verifier takes for a service", async () => {
    const { status, body } = await postForm(
      scenario.endpoint('token'),
      { grant_type: 'client_credentials' },
      scenario.service(),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
    expect(decodeProtectedHeader(body.access_token)).toEqual({
      alg: 'RS256',
      typ: 'JWT',
      kid: expect.any(String),
    });
    const claims = decodeJwt(body.access_token);
    expect(claims).toMatchObject({
      iss: scenario.replica.realm,
      aud: 'orchestrall',
      azp: 'worker',
      typ: 'Bearer',
      preferred_username: 'service-account-worker',
      realm_access: { roles: ['system'] },
      jti: expect.any(String),
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300);
    expect(await scenario.replica.auth.verify(body.access_token)).toEqual({
      id: claims.sub,
      kind: 'service',
      name: 'worker',
      roles: ['system'],
      teams: [],
      leads: [],
    });
  });

  it.each([
    ['a wrong secret', () => basic('worker', `${scenario.secret}x`)],
    ['the hash in the database instead of the secret', () => basic('worker', '')],
    ['an unknown client', () => basic('nobody', scenario.secret)],
    ['the built-in client', () => basic('orchestrall-local', scenario.secret)],
  ])('refuse %s', async (_name, headers) => {
    const { status } = await postForm(
      scenario.endpoint('token'),
      { grant_type: 'client_credentials' },
      headers(),
    );
    expect([400, 401]).toContain(status);
  });

  it('refuse a public client', async () => {
    const { body } = await postForm(scenario.endpoint('token'), {
      grant_type: 'client_credentials',
      client_id: 'console',
    });
    expect(body).toMatchObject({ error: 'invalid_request' });
    expect(body).not.toHaveProperty('access_token');
  });

  it('end with the scenario.secret, which is stored as a hash only', async () => {
    const created = await scenario.replica.auth.clients.create({ client_id: 'rotating', roles: ['viewer'] });
    const before = basic('rotating', created.secret ?? '');
    const token = (await postForm(scenario.endpoint('token'), { grant_type: 'client_credentials' }, before))
      .body.access_token;
    const { secret: next } = await scenario.replica.auth.clients.rotateSecret('rotating');
    expect(
      (await postForm(scenario.endpoint('token'), { grant_type: 'client_credentials' }, before)).status,
    ).toBe(401);
    await expect(scenario.replica.auth.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    const after = basic('rotating', next);
    expect(
      (await postForm(scenario.endpoint('token'), { grant_type: 'client_credentials' }, after)).status,
    ).toBe(200);
    const stored = JSON.stringify(
      await scenario.appliance.database.core().query('select * from auth_clients'),
    );
    expect(stored).not.toContain(next);
    await scenario.replica.auth.clients.disable('rotating');
    expect(
      (await postForm(scenario.endpoint('token'), { grant_type: 'client_credentials' }, after)).status,
    ).toBe(401);
  });
});

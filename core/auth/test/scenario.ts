import { expect } from 'vitest';
import { startTestAppliance } from './appliance.ts';
import type { Replica, TestAppliance } from './appliance.ts';
import { Browser, basic, beginSignIn, postForm, redirectUri, signIn } from './browser.ts';
import type { Answered, TokenAnswer } from './browser.ts';

/** Tokens of a person. */
interface PersonTokens extends TokenAnswer {
  readonly refresh_token: string;
}

/** A replica with the user `ada`, the public client `console` and the service client `worker`. */
export interface Scenario extends AsyncDisposable {
  readonly appliance: TestAppliance;
  readonly replica: Replica;
  readonly ada: { readonly name: string; readonly password: string };
  readonly adaId: string;
  readonly secret: string;
  /** Address of an endpoint, by its path below `protocol/openid-connect`. */
  endpoint(name: string): string;
  /** Authorization of `worker`. */
  service(): Record<string, string>;
  serviceToken(): Promise<string>;
  introspect(token: string): Promise<Record<string, unknown>>;
  /** Signs `ada` in at `console`. */
  personTokens(browser?: Browser): Promise<PersonTokens>;
  redeem(code: string, verifier: string): Promise<PersonTokens>;
  refresh(token: string): Promise<Answered<TokenAnswer>>;
}

/** Starts it. */
export async function startScenario(): Promise<Scenario> {
  const appliance = await startTestAppliance();
  const replica = await appliance.start();
  const ada = { name: 'ada', password: 'correct horse battery' };
  const { user } = await replica.auth.users.create({ ...ada, email: 'ada@example.org', roles: ['operator'] });
  await replica.auth.clients.create({
    client_id: 'console',
    public: true,
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: ['https://console.example/'],
  });
  const { secret = '' } = await replica.auth.clients.create({ client_id: 'worker', roles: ['system'] });
  const endpoint = (name: string): string => `${replica.realm}/protocol/openid-connect/${name}`;
  const service = (): Record<string, string> => basic('worker', secret);

  async function redeem(code: string, verifier: string): Promise<PersonTokens> {
    const { status, body } = await postForm(endpoint('token'), {
      grant_type: 'authorization_code',
      client_id: 'console',
      redirect_uri: redirectUri,
      code,
      code_verifier: verifier,
    });
    expect(body).not.toHaveProperty('error');
    expect(status).toBe(200);
    return { ...body, refresh_token: body.refresh_token ?? '' };
  }

  return {
    appliance,
    replica,
    ada,
    adaId: user.id,
    secret,
    endpoint,
    service,
    redeem,
    async serviceToken() {
      return (await postForm(endpoint('token'), { grant_type: 'client_credentials' }, service())).body
        .access_token;
    },
    introspect: async (token) =>
      (await postForm<Record<string, unknown>>(endpoint('token/introspect'), { token }, service())).body,
    async personTokens(browser = new Browser()) {
      const { url, verifier } = beginSignIn(replica.realm, 'console');
      return redeem(await signIn(browser, url, ada), verifier);
    },
    refresh: (token) =>
      postForm(endpoint('token'), {
        grant_type: 'refresh_token',
        client_id: 'console',
        refresh_token: token,
      }),
    async [Symbol.asyncDispose]() {
      await replica[Symbol.asyncDispose]();
      await appliance[Symbol.asyncDispose]();
    },
  };
}

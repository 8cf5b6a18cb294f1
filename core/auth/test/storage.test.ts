import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArtifacts } from '../provider/artifacts.ts';
import { createRevocations } from '../tokens/revocations.ts';
import { Browser, beginSignIn, postForm, redirectUri, signIn } from './browser.ts';
import { startScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';

let scenario: Scenario;

beforeAll(async () => {
  scenario = await startScenario();
});

afterAll(() => scenario[Symbol.asyncDispose]());

describe('stored tokens', () => {
  it("end by the database's clock, and cleaning removes what has ended", async () => {
    const core = scenario.appliance.database.core();
    const tokens = await scenario.personTokens();
    await core.query(`update auth_artifacts set expires_at = now() - interval '61 seconds'`);
    await core.query(
      `insert into auth_revocations (jti, expires_at) values ('old', now() - interval '3 minutes'), ('new', now())`,
    );
    expect((await scenario.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant');
    const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
    const artifacts = createArtifacts({
      database: core,
      revocations: createRevocations({ read: () => Promise.resolve([]), clock }),
      findClient: () => Promise.resolve(undefined),
    });
    await artifacts.clean();
    expect(await core.query('select 1 from auth_artifacts')).toEqual([]);
    expect(await core.query('select jti from auth_revocations')).toEqual([{ jti: 'new' }]);
  });

  it('leave none valid of a user who is disabled while they are being issued', async () => {
    const signedIn = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const { url, verifier } = beginSignIn(scenario.replica.realm, 'console');
        return { code: await signIn(new Browser(), url, scenario.ada), verifier };
      }),
    );
    const redeemed = signedIn.map(({ code, verifier }) =>
      postForm(scenario.endpoint('token'), {
        grant_type: 'authorization_code',
        client_id: 'console',
        redirect_uri: redirectUri,
        code,
        code_verifier: verifier,
      }),
    );
    const [answers] = await Promise.all([Promise.all(redeemed), scenario.replica.auth.users.disable('ada')]);
    for (const { body } of answers.filter(({ status }) => status === 200)) {
      // oxlint-disable-next-line no-await-in-loop -- each in turn
      await expect(scenario.replica.auth.verify(body.access_token)).rejects.toMatchObject({
        code: 'TOKEN_INVALID',
      });
      // oxlint-disable-next-line no-await-in-loop
      expect((await scenario.refresh(body.refresh_token ?? '')).body.error).toBe('invalid_grant');
    }
    await scenario.replica.auth.users.enable('ada');
  });

  it('hold neither codes nor session cookies', async () => {
    const { url } = beginSignIn(scenario.replica.realm, 'console');
    const browser = new Browser();
    const code = await signIn(browser, url, scenario.ada);
    const stored = JSON.stringify(
      await scenario.appliance.database.core().query('select id, payload from auth_artifacts'),
    );
    expect(stored).not.toContain(code);
    for (const value of browser.cookieValues()) expect(stored).not.toContain(value);
  });
});

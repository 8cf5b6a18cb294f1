import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createId } from '@orchestrall/sdk';
import { newArtifacts } from './artifacts.ts';
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
    await newArtifacts(scenario.appliance.database.core()).clean();
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
      await expect(scenario.replica.auth.verify(body.access_token)).rejects.toMatchObject({
        code: 'TOKEN_INVALID',
      });
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

const issue = (grantId: string, roles: readonly string[], kind = 'AccessToken'): Promise<string> => {
  const jti = createId();
  const payload = { jti, kind, accountId: scenario.adaId, grantId, extra: { realm_access: { roles } } };
  return newArtifacts(scenario.appliance.database.core())
    .keep(kind, jti, payload, 60)
    .then(() => jti);
};
const begin = async (): Promise<string> => {
  const grantId = createId();
  const payload = { jti: grantId, kind: 'Grant', accountId: scenario.adaId };
  await newArtifacts(scenario.appliance.database.core()).keep('Grant', grantId, payload, 60);
  return grantId;
};
/** Whether some statement waits for a lock. */
const waiting = async (): Promise<boolean> =>
  (await scenario.appliance.database.core().query('select 1 from pg_locks where not granted')).length > 0;

describe('a token being written', () => {
  it('is refused when its grant has ended, its roles have changed or its user is disabled', async () => {
    const grantId = await begin();
    await issue(grantId, ['operator']);
    await expect(issue(createId(), ['operator'])).rejects.toThrow('invalid_grant');
    await expect(issue(grantId, ['admin'])).rejects.toThrow('invalid_grant');
    await scenario.replica.auth.users.disable('ada');
    await expect(issue(grantId, ['operator'])).rejects.toThrow('invalid_grant');
    await scenario.replica.auth.users.enable('ada');
  });

  it('waits for a change of its user that is under way, and is refused by it', async () => {
    const grantId = await begin();
    let issued: Promise<unknown> = Promise.resolve();
    await scenario.appliance.database.core().transaction(async (tx) => {
      await tx.query(`update auth_users set roles = '{viewer}' where id = $1`, [scenario.adaId]);
      issued = issue(grantId, ['operator']).then(
        () => 'issued',
        () => 'refused',
      );
      await expect.poll(waiting, { timeout: 20_000 }).toBe(true);
    });
    expect(await issued).toBe('refused');
    await scenario.replica.auth.users.setRoles('ada', ['operator']);
  });

  it('waits for the end of its grant that is under way, and is refused by it', async () => {
    const grantId = await begin();
    let issued: Promise<unknown> = Promise.resolve();
    await scenario.appliance.database.core().transaction(async (tx) => {
      await tx.query(`delete from auth_artifacts where kind = 'Grant' and id = $1`, [grantId]);
      issued = issue(grantId, ['operator']).then(
        () => 'issued',
        () => 'refused',
      );
      await expect.poll(waiting, { timeout: 20_000 }).toBe(true);
    });
    expect(await issued).toBe('refused');
  });

  it('is consumed once; the second time ends everything under its grant', async () => {
    const grantId = await begin();
    const access = await issue(grantId, ['operator']);
    const refresh = await issue(grantId, ['operator'], 'RefreshToken');
    const adapter = newArtifacts(scenario.appliance.database.core()).adapter('RefreshToken');
    await adapter.consume(refresh);
    await expect(adapter.consume(refresh)).rejects.toThrow('invalid_grant');
    expect(await adapter.find(refresh)).toBeUndefined();
    expect(
      await newArtifacts(scenario.appliance.database.core()).adapter('AccessToken').find(access),
    ).toBeUndefined();
    expect(
      await newArtifacts(scenario.appliance.database.core()).adapter('Grant').find(grantId),
    ).toBeUndefined();
    const core = scenario.appliance.database.core();
    expect(await core.query('select 1 from auth_revocations where jti = $1', [access])).toHaveLength(1);
  });
});

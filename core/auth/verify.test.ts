import { AppError } from '@orchestrall/sdk';
import type { Caller } from '@orchestrall/sdk';
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import type { CryptoKey, JSONWebKeySet } from 'jose';
import { createPublicKey, createVerify, KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { challengeFor } from './challenge.ts';
import { createForge } from './test/forge.ts';
import type { Forge } from './test/forge.ts';
import { forgeries } from './test/forgeries.ts';
import { TokenRefusal } from './tokens/refusal.ts';
import { createVerifier } from './verify.ts';
import type { Verifier } from './verify.ts';

const issuer = 'http://127.0.0.1:8000/realms/orchestrall';
const startedAt = 1_800_000_000;
let nowSeconds = startedAt;
const clock = { now: () => new Date(nowSeconds * 1000), monotonicMs: () => nowSeconds * 1000 };
const logged: object[] = [];
const note = (fields: object): void => void logged.push(fields);
const log = { debug: note, info: note, warn: note, error: note };

let ourPublic: KeyObject;
let forge: Forge;
let verifier: Verifier;
let lookUps = 0;

async function makeKey(
  alg: string,
): Promise<{ privateKey: KeyObject; publicKey: KeyObject; crypto: CryptoKey }> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return {
    privateKey: KeyObject.from(pair.privateKey),
    publicKey: KeyObject.from(pair.publicKey),
    crypto: pair.publicKey,
  };
}

beforeAll(async () => {
  const one = await makeKey('RS256');
  ourPublic = one.publicKey;
  forge = await createForge({
    issuer,
    kid: 'one',
    ours: one.privateKey,
    publicPem: await exportSPKI(one.crypto),
    nowSeconds: startedAt,
    revokedJti: 'revoked-one',
  });
  const keySet: JSONWebKeySet = {
    keys: [
      { ...(await exportJWK(one.crypto)), kid: 'one', alg: 'RS256', use: 'sig' },
      { ...(await exportJWK(createPublicKey(forge.elliptic))), kid: 'ec', alg: 'ES256', use: 'sig' },
    ],
  };
  const find = createLocalJWKSet(keySet);
  verifier = createVerifier({
    issuer,
    keys: (head, token) => {
      lookUps += 1;
      return find(head, token);
    },
    revoked: { has: (jti) => jti === 'revoked-one', ensureFresh: () => undefined },
    clock,
    log,
  });
});

async function refusalOf(attempt: Promise<unknown>): Promise<AppError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('the token was accepted');
}

describe('verify() refuses', () => {
  it('at least 40 forged or expired forms', () => {
    expect(forgeries.length).toBeGreaterThanOrEqual(40);
    expect(new Set(forgeries.map(([name]) => name)).size).toBe(forgeries.length);
  });

  it.each(forgeries)('%s (%s)', async (_name, reason, make) => {
    const token = make(forge);
    for (const repeat of ['first', 'second']) {
      logged.length = 0;
      const error = await refusalOf(verifier.verify(token));
      expect(error.cause, repeat).toBeInstanceOf(TokenRefusal);
      expect(logged).toEqual([{ reason }]);
      expect(error).toMatchObject({
        code: 'TOKEN_INVALID',
        status: 401,
        details: {},
      });
      expect(error.message).toBe('The access token is not accepted.');
      expect(challengeFor(error)).toBe('Bearer realm="orchestrall", error="invalid_token"');
      if (token.length > 20) expect(JSON.stringify([logged, error])).not.toContain(token);
    }
  });
});

async function groupsOf(groups: unknown): Promise<readonly string[]> {
  return (await verifier.verify(forge.sign(forge.header(), forge.claims({ groups })))).teams;
}

describe('verify() accepts', () => {
  const person: Caller = {
    id: '0193c0de-0000-7000-8000-000000000001',
    kind: 'user',
    name: 'ada',
    roles: ['operator'],
    teams: [],
    leads: [],
  };

  it("a person's token, with the roles that are ours", async () => {
    const token = forge.sign(forge.header(), forge.claims());
    expect(
      createVerify('sha256')
        .update(token.split('.').slice(0, 2).join('.'))
        .verify(ourPublic, token.split('.')[2] ?? '', 'base64url'),
    ).toBe(true);
    expect(await verifier.verify(token)).toEqual(person);
  });

  it("a client's own token as a service", async () => {
    const change = {
      azp: 'worker',
      preferred_username: 'service-account-worker',
      realm_access: { roles: ['system'] },
    };
    expect(await verifier.verify(forge.sign(forge.header(), forge.claims(change)))).toMatchObject({
      kind: 'service',
      name: 'worker',
      roles: ['system'],
    });
  });

  it('roles from realm_access alone', async () => {
    const change = {
      realm_access: { roles: [] },
      roles: ['admin'],
      resource_access: { orchestrall: { roles: ['admin'] } },
    };
    expect((await verifier.verify(forge.sign(forge.header(), forge.claims(change)))).roles).toEqual([]);
    expect((await verifier.verify(forge.sign(forge.header(), forge.without('realm_access')))).roles).toEqual(
      [],
    );
  });

  it('names and paths of groups of an outside provider, without what cannot be one and what is beyond the most', async () => {
    const longest = 'x'.repeat(255);
    expect(
      await groupsOf([
        '/sales/emea',
        'Büro',
        'Büro',
        '',
        7,
        null,
        ['a'],
        'a\0b',
        'a\nb',
        `${longest}x`,
        longest,
      ]),
    ).toEqual(['/sales/emea', 'Büro', longest]);
    const many = Array.from({ length: 300 }, (_, index) => `g${index}`);
    expect(await groupsOf(many)).toEqual(many.slice(0, 200));
    for (const none of ['sales', { sales: true }, null, 5]) expect(await groupsOf(none)).toEqual([]);
  });

  it('teams from whoever keeps them alone, as they are at the moment, whatever the token says of groups', async () => {
    let membership = { teams: ['t1'], leads: ['t1'] };
    const seen: Caller[] = [];
    const kept = createVerifier({
      issuer,
      keys: async () => ourPublic,
      memberships: { of: (id) => (id === person.id ? membership : { teams: [], leads: [] }) },
      onVerified: (caller) => seen.push(caller),
      clock,
      log,
    });
    const forged = forge.sign(forge.header(), forge.claims({ groups: ['t2'], teams: ['t2'], leads: ['t2'] }));
    const first = await kept.verify(forged);
    expect(first).toEqual({ ...person, teams: ['t1'], leads: ['t1'] });
    expect(await kept.verify(forged)).toBe(first);
    membership = { teams: ['t1', 't3'], leads: [] };
    expect(await kept.verify(forged)).toEqual({ ...person, teams: ['t1', 't3'] });
    const stranger = forge.sign(forge.header(), forge.claims({ sub: 'x', jti: 'x', groups: ['t2'] }));
    expect(await kept.verify(stranger)).toMatchObject({ teams: [], leads: [] });
    expect(seen).toHaveLength(2);
  });

  it('clocks that differ by less than the tolerance', async () => {
    await verifier.verify(
      forge.sign(
        forge.header(),
        forge.claims({ exp: startedAt - 4, nbf: startedAt + 4, iat: startedAt + 4 }),
      ),
    );
  });

  it('a known token without looking at keys again, until it expires', async () => {
    const token = forge.sign(forge.header(), forge.claims({ jti: 'cached' }));
    await verifier.verify(token);
    const before = lookUps;
    await verifier.verify(token);
    expect(lookUps).toBe(before);
    nowSeconds = startedAt + 305;
    expect((await refusalOf(verifier.verify(token))).cause).toMatchObject({ reason: 'expired' });
    nowSeconds = startedAt;
  });
});

it('verify() answers 503, not 401, when the keys cannot be read', async () => {
  const broken = createVerifier({ issuer, keys: () => Promise.reject(new Error('no route')), clock, log });
  expect(await refusalOf(broken.verify(forge.sign(forge.header(), forge.claims())))).toMatchObject({
    code: 'IDENTITY_UNAVAILABLE',
    status: 503,
  });
});

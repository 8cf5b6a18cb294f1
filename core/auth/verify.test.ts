import { AppError } from '@orchestrall/sdk';
import type { Caller } from '@orchestrall/sdk';
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import type { CryptoKey, JSONWebKeySet } from 'jose';
import { createHmac, createSign, createVerify, randomBytes } from 'node:crypto';
import { KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { challengeFor } from './challenge.ts';
import { TokenRefusal } from './tokens/refusal.ts';
import type { RefusalReason } from './tokens/refusal.ts';
import { createVerifier } from './verify.ts';
import type { Verifier } from './verify.ts';

const issuer = 'http://127.0.0.1:8000/realms/orchestrall';
const startedAt = 1_800_000_000;
let nowSeconds = startedAt;
const clock = { now: () => new Date(nowSeconds * 1000), monotonicMs: () => nowSeconds * 1000 };
const logged: object[] = [];
const note = (fields: object): void => void logged.push(fields);
const log = { debug: note, info: note, warn: note, error: note };

let ours: KeyObject;
let other: KeyObject;
let ourPublic: KeyObject;
let ourPem = '';
let otherJwk: object;
let ecKey: KeyObject;
let verifier: Verifier;
let lookUps = 0;

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const header = (change: object = {}): object => ({ alg: 'RS256', kid: 'one', typ: 'JWT', ...change });

const claims = (change: object = {}): object => ({
  iss: issuer,
  aud: ['orchestrall', 'account'],
  sub: '0193c0de-0000-7000-8000-000000000001',
  jti: 'token-1',
  typ: 'Bearer',
  azp: 'console',
  preferred_username: 'ada',
  realm_access: { roles: ['operator', 'offline_access'] },
  iat: startedAt,
  exp: startedAt + 300,
  ...change,
});

function sign(head: unknown, body: unknown, key: KeyObject = ours): string {
  const input = `${part(head)}.${part(body)}`;
  return `${input}.${createSign('sha256').update(input).sign(key).toString('base64url')}`;
}

function hmac(head: unknown, body: unknown, secret: string): string {
  const input = `${part(head)}.${part(body)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

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
  const [one, foreign, ec] = await Promise.all([makeKey('RS256'), makeKey('RS256'), makeKey('ES256')]);
  ours = one.privateKey;
  ourPublic = one.publicKey;
  other = foreign.privateKey;
  ecKey = ec.privateKey;
  ourPem = await exportSPKI(one.crypto);
  otherJwk = await exportJWK(foreign.crypto);
  const keySet: JSONWebKeySet = {
    keys: [
      { ...(await exportJWK(one.crypto)), kid: 'one', alg: 'RS256', use: 'sig' },
      { ...(await exportJWK(ec.crypto)), kid: 'ec', alg: 'ES256', use: 'sig' },
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

const without = (...names: string[]): object =>
  Object.fromEntries(Object.entries(claims()).filter(([name]) => !names.includes(name)));
const jsonWith = (members: string): string => JSON.stringify(claims()).replace(/\}$/, `,${members}}`);
const flip = (token: string, at: number): string => {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[at] ?? '', 'base64url');
  bytes[9] = (bytes[9] ?? 0) ^ 1;
  parts[at] = bytes.toString('base64url');
  return parts.join('.');
};

const forged: readonly (readonly [string, RefusalReason, () => string])[] = [
  ['an empty text', 'token_malformed', () => ''],
  ['a text that is no token', 'token_malformed', () => 'let-me-in'],
  ['two parts', 'token_malformed', () => sign(header(), claims()).split('.').slice(0, 2).join('.')],
  ['four parts', 'token_malformed', () => `${sign(header(), claims())}.x`],
  ['five parts, an encrypted token', 'token_malformed', () => 'a.b.c.d.e'],
  ['a space in front', 'token_malformed', () => ` ${sign(header(), claims())}`],
  ['a line end behind', 'token_malformed', () => `${sign(header(), claims())}\n`],
  ['padding', 'token_malformed', () => `${sign(header(), claims())}==`],
  ['the base64 alphabet with plus and slash', 'token_malformed', () => `+/${sign(header(), claims())}`],
  ['a token beyond the size limit', 'token_too_large', () => sign(header(), claims({ x: 'y'.repeat(9000) }))],
  ['a header that is not JSON', 'header_malformed', () => sign('{"alg":', claims())],
  ['a header that is a list', 'header_malformed', () => sign('[]', claims())],
  ['a payload that is not JSON', 'token_malformed', () => sign(header(), 'admin')],
  ['a payload that is null', 'token_malformed', () => sign(header(), 'null')],
  [
    'alg none without a signature',
    'token_malformed',
    () => `${part(header({ alg: 'none' }))}.${part(claims())}.`,
  ],
  ['alg none with a signature', 'algorithm_not_allowed', () => sign(header({ alg: 'none' }), claims())],
  ['alg nOnE', 'algorithm_not_allowed', () => sign(header({ alg: 'nOnE' }), claims())],
  ['no alg', 'token_malformed', () => sign({ kid: 'one', typ: 'JWT' }, claims())],
  ['alg as a list', 'token_malformed', () => sign(header({ alg: ['RS256'] }), claims())],
  [
    'HS256 with the public key as the secret',
    'algorithm_not_allowed',
    () => hmac(header({ alg: 'HS256' }), claims(), ourPem),
  ],
  ['HS256 with an empty secret', 'algorithm_not_allowed', () => hmac(header({ alg: 'HS256' }), claims(), '')],
  ['RS512, which is not configured', 'algorithm_not_allowed', () => sign(header({ alg: 'RS512' }), claims())],
  ['PS256, which is not configured', 'algorithm_not_allowed', () => sign(header({ alg: 'PS256' }), claims())],
  [
    'ES256 by a known key, not configured',
    'algorithm_not_allowed',
    () => sign(header({ alg: 'ES256', kid: 'ec' }), claims(), ecKey),
  ],
  ['RS256 naming a key of another kind', 'key_unknown', () => sign(header({ kid: 'ec' }), claims())],
  ['no key id', 'key_unknown', () => sign({ alg: 'RS256', typ: 'JWT' }, claims())],
  ['an unknown key id', 'key_unknown', () => sign(header({ kid: 'two' }), claims())],
  ['a key id that is a path', 'key_unknown', () => sign(header({ kid: '../../dev/null' }), claims())],
  ['a key id that is a number', 'key_unknown', () => sign(header({ kid: 1 }), claims())],
  ["another realm's key under our key id", 'signature_wrong', () => sign(header(), claims(), other)],
  ['an embedded jwk', 'header_forbidden', () => sign(header({ jwk: otherJwk }), claims(), other)],
  ['a jku', 'header_forbidden', () => sign(header({ jku: 'https://evil.example/jwks' }), claims(), other)],
  ['an x5u', 'header_forbidden', () => sign(header({ x5u: 'https://evil.example/x' }), claims(), other)],
  ['an x5c', 'header_forbidden', () => sign(header({ x5c: ['AAAA'] }), claims(), other)],
  ['crit naming an extension', 'header_forbidden', () => sign(header({ crit: ['exp'] }), claims())],
  ['crit nested in crit', 'header_forbidden', () => sign(header({ crit: ['crit'] }), claims())],
  ['b64 false', 'header_forbidden', () => sign(header({ b64: false, crit: ['b64'] }), claims())],
  ['b64 false without crit', 'header_forbidden', () => sign(header({ b64: false }), claims())],
  ['compression', 'header_forbidden', () => sign(header({ zip: 'DEF' }), claims())],
  [
    'a tampered payload',
    'signature_wrong',
    () => {
      const [head = '', , signature = ''] = sign(header(), claims()).split('.');
      return `${head}.${part(claims({ realm_access: { roles: ['admin'] } }))}.${signature}`;
    },
  ],
  ['a flipped bit in the signature', 'signature_wrong', () => flip(sign(header(), claims()), 2)],
  ['an empty signature of the right form', 'token_malformed', () => `${part(header())}.${part(claims())}.A`],
  [
    'a signature of zeros',
    'signature_wrong',
    () => `${part(header())}.${part(claims())}.${Buffer.alloc(256).toString('base64url')}`,
  ],
  [
    'a random signature',
    'signature_wrong',
    () => `${part(header())}.${part(claims())}.${randomBytes(256).toString('base64url')}`,
  ],
  ['no expiry', 'expiry_missing', () => sign(header(), without('exp'))],
  ['an expiry in the past', 'expired', () => sign(header(), claims({ exp: startedAt - 6 }))],
  ['an expiry of zero', 'expired', () => sign(header(), claims({ exp: 0 }))],
  ['an expiry as text', 'claims_malformed', () => sign(header(), claims({ exp: String(startedAt + 300) }))],
  [
    'an infinite expiry',
    'token_malformed',
    () => sign(header(), JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":Infinity')),
  ],
  ['an nbf in the future', 'not_yet_valid', () => sign(header(), claims({ nbf: startedAt + 60 }))],
  ['an nbf as text', 'claims_malformed', () => sign(header(), claims({ nbf: 'now' }))],
  ['an iat in the future', 'issued_in_future', () => sign(header(), claims({ iat: startedAt + 60 }))],
  ['no iat', 'claims_malformed', () => sign(header(), without('iat'))],
  ['no subject', 'claims_malformed', () => sign(header(), without('sub'))],
  ['an empty subject', 'claims_malformed', () => sign(header(), claims({ sub: '' }))],
  ['a subject that is an object', 'claims_malformed', () => sign(header(), claims({ sub: { id: 1 } }))],
  ['no jti, so that it could not be revoked', 'claims_malformed', () => sign(header(), without('jti'))],
  ['another audience', 'audience_wrong', () => sign(header(), claims({ aud: 'account' }))],
  ['no audience', 'audience_wrong', () => sign(header(), without('aud'))],
  [
    'an audience that contains ours as a part',
    'audience_wrong',
    () => sign(header(), claims({ aud: 'orchestrall-test' })),
  ],
  [
    'another issuer',
    'issuer_wrong',
    () => sign(header(), claims({ iss: 'https://evil.example/realms/orchestrall' })),
  ],
  [
    'another realm of our host',
    'issuer_wrong',
    () => sign(header(), claims({ iss: issuer.replace('orchestrall', 'master') })),
  ],
  ['an issuer with a slash behind', 'issuer_wrong', () => sign(header(), claims({ iss: `${issuer}/` }))],
  ['a list of issuers', 'issuer_wrong', () => sign(header(), claims({ iss: [issuer] }))],
  ['no issuer', 'issuer_wrong', () => sign(header(), without('iss'))],
  ['an id token of Keycloak', 'kind_wrong', () => sign(header(), claims({ typ: 'ID', nonce: 'n' }))],
  ['an id token of the embedded provider', 'kind_wrong', () => sign(header(), without('typ', 'azp'))],
  ['a refresh token', 'kind_wrong', () => sign(header(), claims({ typ: 'Refresh' }))],
  ['an offline token', 'kind_wrong', () => sign(header(), claims({ typ: 'Offline' }))],
  ['a logout token', 'kind_wrong', () => sign(header({ typ: 'logout+jwt' }), claims())],
  ['a proof of possession', 'kind_wrong', () => sign(header({ typ: 'dpop+jwt' }), claims())],
  ['no typ in the header', 'kind_wrong', () => sign({ alg: 'RS256', kid: 'one' }, claims())],
  [
    'a foreign access token that only its header calls one',
    'kind_wrong',
    () => sign(header({ typ: 'at+jwt' }), without('typ')),
  ],
  ['a token bound to a key', 'sender_constrained', () => sign(header(), claims({ cnf: { jkt: 'x' } }))],
  ['a claim given twice', 'claims_duplicated', () => sign(header(), jsonWith('"sub":"root"'))],
  ['roles given twice inside', 'claims_duplicated', () => sign(header(), jsonWith('"y":{"a":1,"a":2}'))],
  [
    'a header parameter given twice',
    'claims_duplicated',
    () => sign('{"alg":"RS256","alg":"none","kid":"one","typ":"JWT"}', claims()),
  ],
  ['roles as text', 'roles_malformed', () => sign(header(), claims({ realm_access: { roles: 'admin' } }))],
  [
    'roles as an object',
    'roles_malformed',
    () => sign(header(), claims({ realm_access: { roles: { 0: 'admin' } } })),
  ],
  [
    'a role that is an object',
    'roles_malformed',
    () => sign(header(), claims({ realm_access: { roles: [{ name: 'admin' }] } })),
  ],
  ['realm_access as text', 'roles_malformed', () => sign(header(), claims({ realm_access: 'admin' }))],
  ['nobody named', 'caller_malformed', () => sign(header(), without('preferred_username', 'azp'))],
  ['a revoked token', 'revoked', () => sign(header(), claims({ jti: 'revoked-one' }))],
];

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
    expect(forged.length).toBeGreaterThanOrEqual(40);
    expect(new Set(forged.map(([name]) => name)).size).toBe(forged.length);
  });

  it.each(forged)('%s (%s)', async (_name, reason, make) => {
    const token = make();
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

describe('verify() accepts', () => {
  const person: Caller = {
    id: '0193c0de-0000-7000-8000-000000000001',
    kind: 'user',
    name: 'ada',
    roles: ['operator'],
  };

  it("a person's token, with the roles that are ours", async () => {
    const token = sign(header(), claims());
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
    expect(await verifier.verify(sign(header(), claims(change)))).toMatchObject({
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
    expect((await verifier.verify(sign(header(), claims(change)))).roles).toEqual([]);
    expect((await verifier.verify(sign(header(), without('realm_access')))).roles).toEqual([]);
  });

  it('clocks that differ by less than the tolerance', async () => {
    await verifier.verify(
      sign(header(), claims({ exp: startedAt - 4, nbf: startedAt + 4, iat: startedAt + 4 })),
    );
  });

  it('a known token without looking at keys again, until it expires', async () => {
    const token = sign(header(), claims({ jti: 'cached' }));
    await verifier.verify(token);
    const before = lookUps;
    await verifier.verify(token);
    expect(lookUps).toBe(before);
    nowSeconds = startedAt + 305;
    expect((await refusalOf(verifier.verify(token))).cause).toMatchObject({ reason: 'expired' });
    nowSeconds = startedAt;
  });
});

describe('authenticate()', () => {
  it('reads a bearer token, whatever the case of the scheme', async () => {
    const token = sign(header(), claims());
    expect(await verifier.authenticate(`Bearer ${token}`)).toMatchObject({ name: 'ada' });
    expect(await verifier.authenticate(`bearer ${token}`)).toMatchObject({ name: 'ada' });
    expect(await verifier.authenticate(undefined)).toBeUndefined();
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer a,Bearer b', 'a.b.c'])(
    'refuses %j',
    async (value) => {
      expect((await refusalOf(verifier.authenticate(value))).code).toBe('TOKEN_INVALID');
    },
  );
});

it('verify() answers 503, not 401, when the keys cannot be read', async () => {
  const broken = createVerifier({ issuer, keys: () => Promise.reject(new Error('no route')), clock, log });
  expect(await refusalOf(broken.verify(sign(header(), claims())))).toMatchObject({
    code: 'IDENTITY_UNAVAILABLE',
    status: 503,
  });
});

import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createVerifier } from '../verify.ts';
import type { Verifier } from '../verify.ts';
import { remoteKeySource } from './key-source.ts';

const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

interface Signer {
  readonly jwk: JWK;
  sign(): Promise<string>;
}

async function newSigner(alg: (typeof algorithms)[number], kid: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    sign: () => token(privateKey, alg, kid),
  };
}

function token(key: CryptoKey, alg: string, kid: string): Promise<string> {
  const claims = {
    azp: 'console',
    preferred_username: 'ada',
    typ: 'Bearer',
    realm_access: { roles: ['viewer'] },
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .setIssuer('https://keycloak.example/realms/main')
    .setAudience('orchestrall')
    .setSubject('1')
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(key);
}

/** A Keycloak's key set that the test changes, and a verifier on it. */
function setUp(options: { coolDownMs?: number; maxAgeMs?: number } = {}): {
  keys: JWK[];
  status: (code: number) => void;
  fetches: () => number;
  verifier: Verifier;
} {
  const keys: JWK[] = [];
  let fetches = 0;
  let status = 200;
  const keySource = remoteKeySource({
    url: 'https://keycloak.example/certs',
    ...options,
    fetch: () => {
      fetches += 1;
      return Promise.resolve(new Response(JSON.stringify({ keys }), { status }));
    },
  });
  const issuer = 'https://keycloak.example/realms/main';
  return {
    keys,
    status: (code) => void (status = code),
    fetches: () => fetches,
    verifier: createVerifier({ issuer, algorithms, keys: keySource, clock, log }),
  };
}

describe('remoteKeySource()', () => {
  it.each(algorithms)('finds keys for %s, which the verifier accepts when it is configured', async (alg) => {
    const { keys, verifier } = setUp();
    const signer = await newSigner(alg, 'one');
    keys.push(signer.jwk);
    expect((await verifier.verify(await signer.sign())).roles).toEqual(['viewer']);
  });

  it('is asked once by many who come at the same time', async () => {
    const { keys, verifier, fetches } = setUp();
    const signer = await newSigner('ES256', 'one');
    keys.push(signer.jwk);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => signer.sign()));
    await Promise.all(tokens.map((one) => verifier.verify(one)));
    expect(fetches()).toBe(1);
  });

  it('is asked again for an unknown key id, but not by a flood of them', async () => {
    const eager = setUp({ coolDownMs: 0 });
    const patient = setUp();
    const [known, added] = await Promise.all([newSigner('ES256', 'one'), newSigner('ES256', 'two')]);
    for (const { keys, verifier } of [eager, patient]) {
      keys.push(known.jwk);
      await verifier.verify(await known.sign());
      keys.push(added.jwk);
    }
    await eager.verifier.verify(await added.sign());
    expect(eager.fetches()).toBe(2);
    const flood = await Promise.all(Array.from({ length: 50 }, () => added.sign()));
    const outcomes = await Promise.allSettled(flood.map((one) => patient.verifier.verify(one)));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(patient.fetches()).toBe(1);
  });

  it('forgets a key that was withdrawn', async () => {
    const { keys, verifier } = setUp({ maxAgeMs: 0 });
    const signer = await newSigner('ES256', 'one');
    keys.push(signer.jwk);
    await verifier.verify(await signer.sign());
    keys.length = 0;
    await expect(verifier.verify(await signer.sign())).rejects.toMatchObject({
      cause: { reason: 'key_unknown' },
    });
  });

  it('that cannot be read is no fault of the token', async () => {
    const { verifier, status } = setUp();
    const signer = await newSigner('ES256', 'one');
    status(502);
    await expect(verifier.verify(await signer.sign())).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      status: 503,
    });
  });
});

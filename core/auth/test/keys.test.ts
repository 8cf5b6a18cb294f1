import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remoteKeySource } from '../tokens/key-source.ts';
import { createVerifier } from '../verify.ts';
import { createSeal } from '../../database/seal.ts';
import { openSigningKeys } from '../provider/signing-keys.ts';
import { applianceKey, clock, startTestAppliance } from './appliance.ts';
import type { Replica, TestAppliance } from './appliance.ts';

const silent = (): void => undefined;

let appliance: TestAppliance;
let one: Replica;
let two: Replica;

beforeAll(async () => {
  appliance = await startTestAppliance();
  one = await appliance.start({ publicUrl: 'https://appliance.example' });
  two = await appliance.start({ publicUrl: 'https://appliance.example/' });
});

afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
  await appliance[Symbol.asyncDispose]();
});

const kidsAt = async (replica: Replica): Promise<string[]> => {
  const answer: unknown = await (await fetch(`${replica.realm}/protocol/openid-connect/certs`)).json();
  return [...JSON.stringify(answer).matchAll(/"kid":"([^"]+)"/g)].map((match) => match[1] ?? '').toSorted();
};

describe('signing keys', () => {
  it('are made once and shared by replicas that start at the same time', async () => {
    expect(await kidsAt(one)).toHaveLength(1);
    expect(await kidsAt(two)).toEqual(await kidsAt(one));
    const token = await one.auth.issueLocalToken('viewer');
    expect((await two.auth.verify(token)).roles).toEqual(['viewer']);
  });

  it('rotate with overlap: new tokens use the new key everywhere, old ones stay valid', async () => {
    const before = await one.auth.issueLocalToken('viewer');
    const { kid } = await one.auth.rotateKeys();
    const after = await one.auth.issueLocalToken('viewer');
    expect(decodeProtectedHeader(after).kid).toBe(kid);
    expect(decodeProtectedHeader(before).kid).not.toBe(kid);
    // The other replica has not heard of the key; the unknown key id makes it look.
    await expect
      .poll(
        () =>
          two.auth.verify(after).then(
            ({ name }) => name,
            () => 'refused',
          ),
        { timeout: 10_000 },
      )
      .toBe('orchestrall-local');
    expect((await two.auth.verify(before)).roles).toEqual(['viewer']);
    await expect.poll(() => kidsAt(two), { timeout: 10_000 }).toEqual(await kidsAt(one));
    await expect
      .poll(async () => decodeProtectedHeader(await two.auth.issueLocalToken('viewer')).kid, {
        timeout: 10_000,
      })
      .toBe(kid);
    expect(appliance.events).toContainEqual({ type: 'signing_key.rotated', data: { kid } });
  });

  it('that leaked end at once everywhere', async () => {
    const leaked = await one.auth.issueLocalToken('admin');
    await one.auth.rotateKeys({ overlapSeconds: 0 });
    expect(await kidsAt(one)).not.toContain(decodeProtectedHeader(leaked).kid);
    await expect(one.auth.verify(leaked)).rejects.toMatchObject({ cause: { reason: 'key_unknown' } });
    await expect
      .poll(
        () =>
          two.auth.verify(leaked).then(
            () => 'accepted',
            () => 'refused',
          ),
        { timeout: 10_000 },
      )
      .toBe('refused');
  });

  it('survive a restart, and open with the same appliance key only', async () => {
    const token = await one.auth.issueLocalToken('viewer');
    await using again = await appliance.start({ publicUrl: 'https://appliance.example' });
    expect((await again.auth.verify(token)).roles).toEqual(['viewer']);
    await expect(appliance.start({ applianceKey: 'another key altogether' })).rejects.toMatchObject({
      code: 'SEAL_BROKEN',
    });
  });

  it('are stored sealed', async () => {
    const rows = await appliance.database
      .core()
      .query<{ sealed: Uint8Array }>('select sealed from auth_keys');
    expect(rows.length).toBeGreaterThan(1);
    for (const { sealed } of rows) expect(Buffer.from(sealed).toString('latin1')).not.toMatch(/"(kty|d|p)"/);
  });
});

describe('the issuer', () => {
  it('is the public address, whatever the request says, and cookies are then for https only', async () => {
    const answer = await fetch(`${one.realm}/.well-known/openid-configuration`);
    expect(await answer.json()).toMatchObject({
      issuer: 'https://appliance.example/realms/orchestrall',
      token_endpoint: 'https://appliance.example/realms/orchestrall/protocol/openid-connect/token',
    });
    await one.auth.clients.create({
      client_id: 'console',
      public: true,
      redirect_uris: ['https://console.example/'],
    });
    const query =
      'client_id=console&response_type=code&scope=openid&code_challenge_method=S256&code_challenge=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU';
    const begin = await fetch(`${one.realm}/protocol/openid-connect/auth?${query}`, { redirect: 'manual' });
    expect(begin.status).toBe(303);
    expect(begin.headers.getSetCookie().length).toBeGreaterThan(0);
    for (const cookie of begin.headers.getSetCookie())
      expect(cookie).toMatch(/; secure.*; httponly|; httponly.*; secure/i);
  });

  it('of another appliance is refused although the keys are the same', async () => {
    await using other = await appliance.start({ publicUrl: 'https://other.example' });
    const token = await other.auth.issueLocalToken('admin');
    await expect(one.auth.verify(token)).rejects.toMatchObject({ cause: { reason: 'issuer_wrong' } });
  });
});

it('a verifier elsewhere accepts our tokens by the published key set, fetched once', async () => {
  let fetches = 0;
  const verifier = createVerifier({
    issuer: one.auth.issuer(),
    keys: remoteKeySource({
      url: `${one.realm}/protocol/openid-connect/certs`,
      fetch: (url, init) => {
        fetches += 1;
        return fetch(url, init);
      },
    }),
    clock,
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const tokens = await Promise.all(Array.from({ length: 8 }, () => one.auth.issueLocalToken('operator')));
  const callers = await Promise.all(tokens.map((token) => verifier.verify(token)));
  expect(callers.every(({ roles }) => roles[0] === 'operator')).toBe(true);
  expect(fetches).toBe(1);
});

// Last, since the replicas have not heard of its key.
it('keys are read anew after a change, also while an earlier read is under way', async () => {
  const core = appliance.database.core();
  let held: Promise<void> | undefined;
  const query = async <Result extends object>(...given: Parameters<typeof core.query>): Promise<Result[]> => {
    const rows = await core.query<Result>(...given);
    await held;
    return rows;
  };
  const keys = await openSigningKeys({
    database: { query },
    seal: createSeal(applianceKey, 'auth keys at rest'),
    clock,
  });
  const gate = Promise.withResolvers<void>();
  held = gate.promise;
  const early = keys.load();
  const { kid } = await core.transaction((tx) => keys.rotate(tx, 60));
  held = undefined;
  const late = keys.load();
  gate.resolve();
  await Promise.all([early, late]);
  expect(keys.current.kid).toBe(kid);
});

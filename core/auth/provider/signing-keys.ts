import { createId } from '@orchestrall/sdk';
import type { Clock, Database, Transaction } from '@orchestrall/sdk';
import { exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWK } from 'jose';
import { randomBytes } from 'node:crypto';
import type { Seal } from '../../database/seal.ts';
import type { PublicKeys } from '../tokens/key-source.ts';

/** How often an unknown key id may make us look again. */
const coolDownMs = 1000;

/** The provider's keys as they stand in the database, shared by all replicas. */
export interface SigningKeys extends PublicKeys {
  /** Private keys, the current one first, then those that only verify; a new object whenever they change. */
  readonly privateKeys: { readonly keys: readonly JWK[] };
  /** Key that signs now. */
  readonly current: { readonly kid: string; readonly key: CryptoKey };
  /** Key of cookies and forms. */
  readonly cookieKey: string;
  /** Reads the keys as they stand from this call on. Rejects when that fails. */
  load(): Promise<void>;
  /** Makes a new current key inside a change of the caller's; the former one verifies for `overlapSeconds` more. */
  rotate(tx: Transaction, overlapSeconds: number): Promise<{ readonly kid: string }>;
}

/** Where the keys are kept, and what encrypts them there. */
export interface SigningKeysOptions {
  readonly database: Pick<Database, 'query'>;
  readonly seal: Seal;
  readonly clock: Clock;
}

interface KeyRow {
  readonly kid: string;
  readonly purpose: 'signing' | 'cookies';
  readonly sealed: Uint8Array;
}

/** Opens the keys, making them at the first start; throws `SEAL_BROKEN` when the appliance key is another. */
export async function openSigningKeys(options: SigningKeysOptions): Promise<SigningKeys> {
  const { database, seal, clock } = options;
  let fingerprint = '';
  let refreshedAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let state: Pick<SigningKeys, 'privateKeys' | 'publicKeys' | 'current' | 'cookieKey'> | undefined;

  const sealKey = async (kid: string): Promise<Buffer> => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 });
    return seal.close(
      JSON.stringify({ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }),
      kid,
    );
  };

  async function read(): Promise<void> {
    const rows = await database.query<KeyRow>(
      `select kid, purpose, sealed from auth_keys where retires_at is null or retires_at > clock_timestamp()
       order by retires_at desc nulls first, created_at desc`,
    );
    const found = rows.map((row) => row.kid).join(' ');
    if (found === fingerprint) return;
    const cookieRow = rows.find((row) => row.purpose === 'cookies');
    const keys = rows.filter((row) => row.purpose === 'signing').map((row) => openKey(seal, row));
    const [first] = keys;
    if (cookieRow === undefined || first?.kid === undefined)
      throw new Error('the signing keys are incomplete');
    const key = await importJWK(first, 'RS256');
    if (key instanceof Uint8Array) throw new TypeError('the signing key is symmetric');
    state = {
      privateKeys: { keys },
      publicKeys: { keys: keys.map(publicPart) },
      current: { kid: first.kid, key },
      cookieKey: seal.open(cookieRow.sealed, cookieRow.kid),
    };
    fingerprint = found;
  }

  const load = async (): Promise<void> => {
    // One under way may have begun before the change that is to be seen; how it ends is its own callers' affair.
    await reading?.catch(() => undefined);
    reading ??= read().finally(() => (reading = undefined));
    await reading;
  };
  const loaded = (): NonNullable<typeof state> => {
    if (state === undefined) throw new Error('the signing keys are not loaded');
    return state;
  };

  await createMissing(database, seal, sealKey);
  await load();
  return {
    get privateKeys() {
      return loaded().privateKeys;
    },
    get publicKeys() {
      return loaded().publicKeys;
    },
    get current() {
      return loaded().current;
    },
    get cookieKey() {
      return loaded().cookieKey;
    },
    load,
    async refresh() {
      if (clock.monotonicMs() - refreshedAtMs < coolDownMs) return;
      refreshedAtMs = clock.monotonicMs();
      await load();
    },
    async rotate(tx, overlapSeconds) {
      const kid = createId();
      const sealed = await sealKey(kid);
      await tx.query(
        `update auth_keys set retires_at = clock_timestamp() + $1 * interval '1 second'
         where purpose = 'signing' and retires_at is null`,
        [overlapSeconds],
      );
      await tx.query(`insert into auth_keys (kid, purpose, sealed) values ($1, 'signing', $2)`, [
        kid,
        sealed,
      ]);
      return { kid };
    },
  };
}

/** Two replicas may start at once; the unique index lets one of each pair of keys in. */
async function createMissing(
  database: Pick<Database, 'query'>,
  seal: Seal,
  sealKey: (kid: string) => Promise<Buffer>,
): Promise<void> {
  const existing = await database.query('select 1 from auth_keys where retires_at is null');
  if (existing.length >= 2) return;
  const kid = createId();
  const cookieId = createId();
  const sealed = await sealKey(kid);
  const cookies = seal.close(randomBytes(32).toString('base64url'), cookieId);
  await database.query(
    `insert into auth_keys (kid, purpose, sealed) values ($1, 'signing', $2), ($3, 'cookies', $4)
     on conflict (purpose) where retires_at is null do nothing`,
    [kid, sealed, cookieId, cookies],
  );
}

function openKey(seal: Seal, row: KeyRow): JWK {
  const jwk: unknown = JSON.parse(seal.open(row.sealed, row.kid));
  if (!isJwk(jwk)) throw new TypeError('a stored signing key is not a JWK');
  return jwk;
}

function isJwk(value: unknown): value is JWK {
  return typeof value === 'object' && value !== null && 'kty' in value && 'kid' in value;
}

function publicPart(jwk: JWK): JSONWebKeySet['keys'][number] {
  const { kty, kid, alg, use, n, e } = jwk;
  if (kty !== 'RSA' || n === undefined || e === undefined) throw new TypeError('a signing key is not RSA');
  return {
    kty,
    n,
    e,
    ...(kid === undefined ? {} : { kid }),
    ...(alg === undefined ? {} : { alg }),
    ...(use === undefined ? {} : { use }),
  };
}

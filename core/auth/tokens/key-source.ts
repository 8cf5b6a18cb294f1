import { createLocalJWKSet, createRemoteJWKSet, customFetch } from 'jose';
import type { FetchImplementation, JSONWebKeySet, JWTVerifyGetKey } from 'jose';

/** Where the verifier finds the key for a token's header; throws jose's `JWKSNoMatchingKey` when there is none. */
export type KeySource = JWTVerifyGetKey;

/** What the embedded provider's keys offer to the verifier. */
export interface PublicKeys {
  /** The current public keys; a new object whenever they change. */
  readonly publicKeys: JSONWebKeySet;
  /** Reads the keys anew if that was not done just now; for a key id that is not known here. */
  refresh(): Promise<void>;
}

/** Finds keys among the embedded provider's own, looking again once when another replica has made a new one. */
export function embeddedKeySource(keys: PublicKeys): KeySource {
  let seen: JSONWebKeySet | undefined;
  let find: KeySource | undefined;
  const current = (): KeySource => {
    if (find === undefined || seen !== keys.publicKeys) {
      seen = keys.publicKeys;
      find = createLocalJWKSet(seen);
    }
    return find;
  };
  return async (header, token) => {
    if (!keys.publicKeys.keys.some((key) => key.kid === header?.kid)) await keys.refresh();
    return current()(header, token);
  };
}

/** Where a foreign key set is fetched, and how often. */
export interface RemoteKeySourceOptions {
  /** Address of the key set. */
  readonly url: string;
  /** After a fetch, how long an unknown key id triggers no other; default 10,000 ms. */
  readonly coolDownMs?: number;
  /** How long fetched keys are believed, so that a removed one ends; default 300,000 ms. */
  readonly maxAgeMs?: number;
  /** Default 5,000 ms. */
  readonly timeoutMs?: number;
  /** Default the process's own `fetch`. */
  readonly fetch?: FetchImplementation;
}

/** Finds keys in a Keycloak's key set, fetched once for all who wait, cached, and fetched anew for unknown key ids. */
export function remoteKeySource(options: RemoteKeySourceOptions): KeySource {
  return createRemoteJWKSet(new URL(options.url), {
    cooldownDuration: options.coolDownMs ?? 10_000,
    cacheMaxAge: options.maxAgeMs ?? 300_000,
    timeoutDuration: options.timeoutMs ?? 5000,
    ...(options.fetch === undefined ? {} : { [customFetch]: options.fetch }),
  });
}

import type { Caller, Clock, Log } from '@orchestrall/sdk';
import { AppError } from '@orchestrall/sdk';
import { errors as joseErrors, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { hash } from 'node:crypto';
import { authError } from './errors.ts';
import { readCaller } from './tokens/verified-claims.ts';
import type { AccessTokenClaims } from './tokens/verified-claims.ts';
import { inspectToken } from './tokens/inspect.ts';
import type { KeySource } from './tokens/key-source.ts';
import { TokenRefusal } from './tokens/refusal.ts';
import type { RefusalReason } from './tokens/refusal.ts';

/** Signature algorithms that may be configured; symmetric ones and `none` never. */
type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** Revoked tokens as this process knows them. */
export interface RevokedTokens {
  /** Whether the token with this `jti` was revoked. */
  has(jti: string): boolean;
  /** Makes sure that what other replicas revoked is known; throws `IDENTITY_UNAVAILABLE` when it cannot. */
  ensureFresh(): Promise<void> | undefined;
}

/** Teams of callers as this process knows them. */
interface KnownTeams {
  /** The same object as long as nothing has changed for this caller; empty lists for one in no team. */
  of(callerId: string): Pick<Caller, 'teams' | 'leads'>;
}

/** Which tokens are accepted, and by which keys. */
export interface VerifierOptions {
  /** The one accepted `iss`; a function when it is known only once the appliance listens. */
  readonly issuer: string | (() => string);
  /** Must be in `aud`; default `orchestrall`. */
  readonly audience?: string;
  /** Default `RS256` alone. */
  readonly algorithms?: readonly SigningAlgorithm[];
  readonly keys: KeySource;
  /**
   * The key set as it stands, a new object after each change: verified tokens are then forgotten, so that those of a
   * withdrawn key end with it. Default: a withdrawn key's verified tokens live until they expire.
   */
  readonly keySet?: () => object;
  /** Default: none are. */
  readonly revoked?: RevokedTokens;
  /** Who is in which team, looked up with each request. Default: the token's own `groups` tell. */
  readonly memberships?: KnownTeams;
  /** Told of a caller when its token is verified for the first time. */
  readonly onVerified?: (caller: Caller) => void;
  /** How far clocks may differ, seconds; default 5. */
  readonly clockToleranceSeconds?: number;
  /** Verified tokens kept until they expire; default 10,000. */
  readonly cacheSize?: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A verified token. */
export interface Verified {
  readonly caller: Caller;
  readonly claims: AccessTokenClaims;
  /** How long it is accepted from now on, unless it is revoked; the tolerance of clocks is in it. */
  readonly expiresInMs: number;
}

interface Decided extends Omit<Verified, 'expiresInMs'> {
  /** What the caller's teams were taken from; undefined: its token. */
  readonly membership?: Pick<Caller, 'teams' | 'leads'>;
}

/** Decides whether an access token is genuine, current and meant for us. */
export interface Verifier {
  /**
   * Verifies an access token. Throws `TOKEN_INVALID` (401), the same for every fault, with the reason in the log
   * only; `IDENTITY_UNAVAILABLE` (503) when keys or revocations cannot be read.
   */
  verify(token: string): Promise<Caller>;
  /** As `verify`, with the claims and the time that is left; the caches are the same. */
  inspect(token: string): Promise<Verified>;
}

/** Creates a verifier; a cached token costs a hash and two look-ups. */
export function createVerifier(options: VerifierOptions): Verifier {
  const {
    keys,
    revoked,
    memberships,
    clock,
    log,
    audience = 'orchestrall',
    clockToleranceSeconds = 5,
  } = options;
  const algorithms = [...(options.algorithms ?? ['RS256' as const])];
  const cache = new LRUCache<string, Decided>({ max: options.cacheSize ?? 10_000 });
  let cachedFor: object | undefined;
  const issuer = (): string => (typeof options.issuer === 'string' ? options.issuer : options.issuer());
  const nowSeconds = (): number => clock.now().getTime() / 1000;

  async function decide(token: string): Promise<Decided> {
    inspectToken(token);
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer(),
      audience,
      algorithms,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'iat', 'sub', 'jti'],
      currentDate: clock.now(),
    });
    if (typeof payload.iat === 'number' && payload.iat > nowSeconds() + clockToleranceSeconds) {
      throw new TokenRefusal('issued_in_future');
    }
    return readCaller(payload);
  }

  /** The caller with its teams as they are now: the same object until they change. */
  function withTeams(key: string, verified: Decided): Decided {
    const membership = memberships?.of(verified.caller.id);
    if (membership === verified.membership || membership === undefined) return verified;
    const { teams, leads } = membership;
    const current = { ...verified, membership, caller: { ...verified.caller, teams, leads } };
    if (cache.peek(key) === verified) cache.set(key, current);
    return current;
  }

  async function inspect(token: string): Promise<Verified> {
    try {
      await revoked?.ensureFresh();
      const keySet = options.keySet?.();
      if (keySet !== cachedFor) cache.clear();
      cachedFor = keySet;
      const key = hash('sha256', token, 'base64url');
      let verified = cache.get(key);
      if (verified === undefined) {
        verified = await decide(token);
        options.onVerified?.(verified.caller);
        // What was decided by keys that have changed meanwhile is not kept.
        if (options.keySet?.() === keySet) cache.set(key, verified);
      } else if (verified.claims.exp + clockToleranceSeconds <= nowSeconds()) {
        cache.delete(key);
        throw new TokenRefusal('expired');
      } else if (verified.claims.iss !== issuer()) throw new TokenRefusal('issuer_wrong');
      if (revoked?.has(verified.claims.jti) === true) throw new TokenRefusal('revoked');
      const { caller, claims } = withTeams(key, verified);
      const expiresInMs = (claims.exp + clockToleranceSeconds - nowSeconds()) * 1000;
      return { caller, claims, expiresInMs };
    } catch (error) {
      throw refuse(error, log);
    }
  }

  return {
    inspect,
    verify: async (token) => (await inspect(token)).caller,
  };
}

function refuse(error: unknown, log: Log): AppError {
  if (error instanceof AppError) return error;
  const reason = error instanceof TokenRefusal ? error.reason : reasonOf(error);
  if (reason === undefined) {
    log.error({ error }, 'access tokens cannot be checked');
    return authError('IDENTITY_UNAVAILABLE', undefined, error);
  }
  log.warn({ reason }, 'access token refused');
  return authError(
    'TOKEN_INVALID',
    undefined,
    error instanceof TokenRefusal ? error : new TokenRefusal(reason, error),
  );
}

/** Undefined when the fault is not the token's. */
function reasonOf(error: unknown): RefusalReason | undefined {
  if (error instanceof joseErrors.JWTExpired) return 'expired';
  if (error instanceof joseErrors.JWTClaimValidationFailed) return claimReason(error.claim, error.reason);
  if (error instanceof joseErrors.JOSEAlgNotAllowed) return 'algorithm_not_allowed';
  if (error instanceof joseErrors.JOSENotSupported) return 'algorithm_not_allowed';
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) return 'signature_wrong';
  if (error instanceof joseErrors.JWKSNoMatchingKey) return 'key_unknown';
  if (error instanceof joseErrors.JWKSMultipleMatchingKeys) return 'key_unknown';
  if (error instanceof joseErrors.JWSInvalid || error instanceof joseErrors.JWTInvalid)
    return 'token_malformed';
  return undefined;
}

function claimReason(claim: string, reason: string): RefusalReason {
  if (claim === 'exp') return reason === 'missing' ? 'expiry_missing' : 'claims_malformed';
  if (claim === 'iss') return 'issuer_wrong';
  if (claim === 'aud') return 'audience_wrong';
  if (claim === 'nbf' && reason === 'check_failed') return 'not_yet_valid';
  return 'claims_malformed';
}

import type { Clock, Database } from '@orchestrall/sdk';
import { withTimeLimit } from '../../time-limit.ts';
import { authError } from '../errors.ts';
import type { RevokedTokens } from '../verify.ts';

/** Longest age at which the known revocations are used without reading them anew. */
const maxAgeMs = 900;

/** Longest wait for a read that a token's check depends on. */
const maxWaitMs = 5_000;

/** Revoked access tokens of all replicas, held in memory until they would have expired anyway. */
export interface Revocations extends RevokedTokens {
  /** Notes what this process revoked itself, at once. */
  add(jtis: readonly string[]): void;
  /** Reads what all replicas revoked. */
  load(): Promise<void>;
}

/** How revocations are read, and how long that may take. */
export interface RevocationsOptions {
  /** Reads the `jti` of every revoked token; see `readRevoked`. */
  readonly read: () => Promise<readonly string[]>;
  readonly clock: Clock;
  /** Longest wait of `ensureFresh`, milliseconds; default 5,000. */
  readonly waitLimitMs?: number;
}

/** Reads what the database holds, a little beyond expiry since the verifier tolerates clocks that differ. */
export async function readRevoked(database: Database): Promise<readonly string[]> {
  const rows = await database.query<{ jti: string }>(
    `select jti from auth_revocations where expires_at > now() - interval '60 seconds'`,
  );
  return rows.map((row) => row.jti);
}

/**
 * Creates the list. The caller loads it twice a second; a token presented when the list is older than 900 ms waits
 * for a read, and is refused with `IDENTITY_UNAVAILABLE` when that fails or takes too long: an unknown revocation must
 * not pass, and no caller waits for a database that hangs.
 */
export function createRevocations(options: RevocationsOptions): Revocations {
  const { clock, waitLimitMs = maxWaitMs } = options;
  let known = new Set<string>();
  let addedWhileReading = new Set<string>();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const startedAtMs = clock.monotonicMs();
    addedWhileReading = new Set();
    known = new Set(await options.read()).union(addedWhileReading);
    readAtMs = startedAtMs;
  }

  const load = (): Promise<void> => {
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  };

  const isFresh = (): boolean => clock.monotonicMs() - readAtMs <= maxAgeMs;

  const refresh = async (): Promise<void> => {
    await load();
    // The read that was joined may have begun too long ago; the next one begins now.
    if (!isFresh()) await load();
  };

  return {
    has: (jti) => known.has(jti),
    add(jtis) {
      for (const jti of jtis) {
        known.add(jti);
        addedWhileReading.add(jti);
      }
    },
    load,
    ensureFresh() {
      if (isFresh()) return undefined;
      return withTimeLimit(waitLimitMs, `no answer within ${waitLimitMs} ms`, refresh).catch(
        (cause: unknown) => {
          throw authError('IDENTITY_UNAVAILABLE', { retryAfterSeconds: 2 }, cause);
        },
      );
    },
  };
}

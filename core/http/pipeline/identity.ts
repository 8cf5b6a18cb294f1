import { AppError } from '@orchestrall/sdk';
import type { Access, Caller } from '@orchestrall/sdk';
import type { IncomingHttpHeaders } from 'node:http';
import { isAllowed } from '../../auth/access.ts';
import { authError } from '../../auth/errors.ts';
import { bearerToken } from '../../auth/tokens/bearer.ts';
import { withTimeLimit } from '../../time-limit.ts';
import type { StreamToken, TokenHolder } from '../streams/token-ends.ts';

/** Tells who holds a token; the built-in provider's or Keycloak's verifier. */
export interface Authentication {
  /**
   * Who holds a token, and for how long it is accepted from now on. Rejects with an AppError: `TOKEN_INVALID` when the
   * token is not accepted.
   */
  inspect(token: string): Promise<{ readonly caller: Caller; readonly expiresInMs: number }>;
}

/** Who is calling, and the token that says so. */
export type Identity = StreamToken;

/**
 * Who is calling, if the rule lets them; undefined is a caller without a token on a public route.
 * Rejects with `TOKEN_MISSING`, `TOKEN_INVALID` or `ROLE_MISSING`. A public route never fails on a bad token, since
 * others than ours may use the header there.
 */
export async function identify(
  headers: IncomingHttpHeaders,
  access: Access,
  authentication: Authentication,
): Promise<Identity | undefined> {
  const token = bearerToken(headers.authorization);
  if (access === 'public') return token === undefined ? undefined : verifyOrNobody(token, authentication);
  if (token === undefined) {
    throw authError(headers.authorization === undefined ? 'TOKEN_MISSING' : 'TOKEN_INVALID');
  }
  const identity = await inspect(token, authentication);
  if (isAllowed(access, identity.caller)) return identity;
  throw authError('ROLE_MISSING', { required: typeof access === 'string' ? access : access.join(' or ') });
}

/** Who holds a token now. That it cannot be told, as the database is away, is no reason to refuse it. */
export async function holderOf(token: string, authentication: Authentication): Promise<TokenHolder> {
  try {
    return (await authentication.inspect(token)).caller;
  } catch (error) {
    return error instanceof AppError && error.code === 'TOKEN_INVALID' ? 'refused' : 'unknown';
  }
}

async function inspect(token: string, authentication: Authentication): Promise<Identity> {
  const { caller, expiresInMs } = await authentication.inspect(token);
  return { caller, token, endsAtMs: performance.now() + expiresInMs };
}

/** How long a public route waits for what tells who is calling, before it serves a caller it does not know. */
const longestWaitMs = 2_000;

async function verifyOrNobody(token: string, authentication: Authentication): Promise<Identity | undefined> {
  try {
    // A database that hangs must not make `/health` hang.
    return await withTimeLimit(longestWaitMs, 'the token was not verified in time', () =>
      inspect(token, authentication),
    );
  } catch {
    // A public route serves whoever asks; a token that is not accepted makes no one of the caller.
    return undefined;
  }
}

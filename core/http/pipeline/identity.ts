import type { Access, Caller } from '@orchestrall/sdk';
import type { IncomingHttpHeaders } from 'node:http';
import { isAllowed } from '../../auth/access.ts';
import { authError } from '../../auth/errors.ts';
import { bearerToken } from '../../auth/tokens/bearer.ts';
import { withTimeLimit } from '../../time-limit.ts';

/** Tells who holds a token; the built-in provider's or Keycloak's verifier. */
export interface Authentication {
  /** Rejects with an AppError such as `TOKEN_INVALID` when the token is not accepted. */
  verify(token: string): Promise<Caller>;
}

/**
 * Who is calling, if the rule lets them; undefined is a caller without a token on a public route.
 * Rejects with `TOKEN_MISSING`, `TOKEN_INVALID` or `ROLE_MISSING`. A public route never fails on a bad token, since
 * others than ours may use the header there.
 */
export async function identify(
  headers: IncomingHttpHeaders,
  access: Access,
  authentication: Authentication,
): Promise<Caller | undefined> {
  const token = bearerToken(headers.authorization);
  if (access === 'public') return token === undefined ? undefined : verifyOrNobody(token, authentication);
  if (token === undefined) {
    throw authError(headers.authorization === undefined ? 'TOKEN_MISSING' : 'TOKEN_INVALID');
  }
  const caller = await authentication.verify(token);
  if (isAllowed(access, caller)) return caller;
  throw authError('ROLE_MISSING', { required: typeof access === 'string' ? access : access.join(' or ') });
}

/** How long a public route waits for what tells who is calling, before it serves a caller it does not know. */
const longestWaitMs = 2_000;

async function verifyOrNobody(token: string, authentication: Authentication): Promise<Caller | undefined> {
  try {
    // A database that hangs must not make `/health` hang.
    return await withTimeLimit(longestWaitMs, 'the token was not verified in time', () =>
      authentication.verify(token),
    );
  } catch {
    // A public route serves whoever asks; a token that is not accepted makes no one of the caller.
    return undefined;
  }
}

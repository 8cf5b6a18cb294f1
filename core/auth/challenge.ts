import type { AppError } from '@orchestrall/sdk';

/**
 * The `WWW-Authenticate` header of an answer (RFC 6750, section 3); undefined when the error asks for none.
 * It is the same for every refused token.
 */
export function challengeFor(error: Pick<AppError, 'code' | 'status'>): string | undefined {
  if (error.code === 'TOKEN_INVALID') return 'Bearer realm="orchestrall", error="invalid_token"';
  if (error.code === 'ROLE_MISSING') return 'Bearer realm="orchestrall", error="insufficient_scope"';
  // HTTP asks for a challenge with every 401 (RFC 9110, section 11.6.1).
  return error.status === 401 ? 'Bearer realm="orchestrall"' : undefined;
}

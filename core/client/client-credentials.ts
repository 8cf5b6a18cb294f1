import { ApiError } from './api-error.ts';
import type { IssuedToken } from './token.ts';

/** A program's own account with the identity provider. */
export interface ClientCredentials {
  /** Such as `https://appliance.example.com/realms/orchestrall/protocol/openid-connect/token`. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly secret: string;
  /** Default the platform's. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/**
 * Gets tokens for a program that acts for itself, as `token` of `createClient`; by the client credentials grant
 * (https://www.rfc-editor.org/rfc/rfc6749#section-4.4). The function rejects with `ApiError` when the identity provider
 * refuses.
 */
export function clientCredentials(credentials: ClientCredentials): () => Promise<IssuedToken> {
  const { tokenUrl, clientId, secret, fetch: send = fetch } = credentials;
  // Both are form-encoded first, says section 2.3.1, so that a colon in the id is no separator.
  const account = btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`);
  return async () => {
    const request = new Request(tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${account}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const answer = await send(request);
    const body: unknown = await answer.json().catch(() => undefined);
    if (!answer.ok || typeof body !== 'object' || body === null) throw new ApiError(request, answer, body);
    const token: unknown = Reflect.get(body, 'access_token');
    const seconds: unknown = Reflect.get(body, 'expires_in');
    if (typeof token !== 'string') throw new ApiError(request, answer, body);
    return typeof seconds === 'number' ? { token, lifetimeMs: seconds * 1_000 } : { token };
  };
}

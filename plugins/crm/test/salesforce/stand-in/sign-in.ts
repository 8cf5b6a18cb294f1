import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** What the connected app of the stand-in knows. */
export interface ConnectedApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly audience: string;
  readonly publicKey: KeyObject;
}

/** An answer of the token endpoint: no error for a token. */
export interface TokenRefusal {
  readonly error: string;
  readonly error_description: string;
}

const longestLifeSeconds = 300;

/** Whether a request for a token is refused, and why. */
export function refusalOf(app: ConnectedApp, form: URLSearchParams, nowMs: number): TokenRefusal | undefined {
  const grant = form.get('grant_type');
  if (grant === 'client_credentials') {
    if (form.get('client_id') !== app.clientId)
      return refused('invalid_client_id', 'client identifier invalid');
    if (form.get('client_secret') === app.clientSecret) return undefined;
    return refused('invalid_client', 'invalid client credentials');
  }
  if (grant !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
    return refused('unsupported_grant_type', 'grant type not supported');
  }
  const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    app.publicKey,
    Buffer.from(signature, 'base64url'),
  );
  const { alg } = decode(header);
  if (!isSigned || alg !== 'RS256') return refused('invalid_grant', 'invalid assertion');
  const { iss, sub, aud, exp } = decode(claims);
  const seconds = Number(exp) - nowMs / 1_000;
  if (iss !== app.clientId) return refused('invalid_client_id', 'client identifier invalid');
  if (aud !== app.audience) return refused('invalid_grant', 'audience is invalid');
  if (sub !== app.username) return refused('invalid_grant', "user hasn't approved this consumer");
  if (seconds > 0 && seconds <= longestLifeSeconds) return undefined;
  return refused('invalid_grant', 'expired authorization code');
}

function refused(error: string, error_description: string): TokenRefusal {
  return { error, error_description };
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
}

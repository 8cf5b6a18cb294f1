import { SignJWT } from 'jose';
import type { ModelPayload, Provider, Token, TokenModel } from 'oidc-provider';
import { randomBytes } from 'node:crypto';
import type { Verifier } from '../verify.ts';
import type { SigningKeys } from './signing-keys.ts';

/**
 * Access tokens as signed JWTs with Keycloak's claims over oidc-provider's stored tokens: the provider keeps each
 * token under its `jti` and so can introspect and revoke it, while what leaves is the JWT. (Its own JWT form is not
 * stored and can be neither.)
 */
export interface AccessTokens {
  /** Signs a stored token's payload. */
  sign(issuer: string, payload: ModelPayload): Promise<string>;
  /** Makes a provider hand out JWTs and find tokens by them. */
  install(provider: Provider): void;
  /**
   * What stands for a JWT where the provider refuses JWTs (introspection, revocation); a reference that finds
   * nothing when the JWT is not valid. Other tokens come back as they are.
   */
  referenceTo(token: string): Promise<string>;
}

/** What signs tokens, and what tells valid ones. */
export interface AccessTokensOptions {
  readonly keys: SigningKeys;
  readonly verifier: Verifier;
}

const looksLikeJwt = /^[^.\s]*\.[^.\s]*\.[^.\s]*$/;

/** Creates the conversion. */
export function createAccessTokens({ keys, verifier }: AccessTokensOptions): AccessTokens {
  // A bare `jti` is no secret (it stands in logs), so only references made by this process find a token by it.
  const prefix = `${randomBytes(32).toString('base64url')}~`;

  async function findId(value: unknown): Promise<string | undefined> {
    if (typeof value !== 'string') return undefined;
    if (value.startsWith(prefix)) return value.slice(prefix.length);
    if (!looksLikeJwt.test(value)) return undefined;
    return (await inspect(verifier, value))?.jti;
  }

  async function sign(issuer: string, payload: ModelPayload): Promise<string> {
    const { extra, jti, iat, exp, accountId, clientId, sessionUid, scope } = payload;
    if (jti === undefined || iat === undefined || exp === undefined)
      throw new TypeError('a token without its times');
    const { kid, key } = keys.current;
    const claims = { sub: accountId, azp: clientId, sid: sessionUid, scope, ...extra };
    return new SignJWT({
      ...Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined)),
      iss: issuer,
      aud: 'orchestrall',
      typ: 'Bearer',
      jti,
      iat,
      exp,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
      .sign(key);
  }

  function installOn(model: TokenModel, issuer: string): void {
    const original = model.prototype.getValueAndPayload;
    const find = model.find.bind(model);
    model.prototype.getValueAndPayload = async function toJwt(this: Token) {
      const { payload } = await original.call(this);
      if (payload === undefined) throw new TypeError('an access token is not stored');
      return { value: await sign(issuer, payload), payload };
    };
    model.find = async (value, options) => {
      const jti = await findId(value);
      return jti === undefined ? undefined : find(jti, options);
    };
  }

  return {
    sign,
    install(provider) {
      installOn(provider.AccessToken, provider.issuer);
      installOn(provider.ClientCredentials, provider.issuer);
    },
    async referenceTo(token) {
      if (!looksLikeJwt.test(token)) return token;
      return `${prefix}${(await inspect(verifier, token))?.jti ?? ''}`;
    },
  };
}

/** The claims of a valid token, undefined of an invalid one; throws when it cannot be told. */
async function inspect(verifier: Verifier, token: string): Promise<{ readonly jti: string } | undefined> {
  try {
    return (await verifier.inspect(token)).claims;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'TOKEN_INVALID') return undefined;
    throw error;
  }
}

import { exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';
import { createHmac, createSign, KeyObject } from 'node:crypto';

/** What a forger knows; `ours` is the one thing that no forger has, and lets every other fault be tried alone. */
export interface ForgeOptions {
  readonly issuer: string;
  readonly kid: string;
  readonly ours: KeyObject;
  readonly publicPem: string;
  readonly nowSeconds: number;
  readonly revokedJti: string;
}

/** Makes tokens with any header, claims and key. */
export interface Forge extends ForgeOptions {
  /** Key of another realm. */
  readonly other: KeyObject;
  readonly otherJwk: JWK;
  readonly elliptic: KeyObject;
  readonly header: (change?: object) => object;
  /** Claims of a good token of an operator. */
  readonly claims: (change?: object) => object;
  readonly without: (...names: string[]) => object;
  /** The claims as text, with members put behind them. */
  readonly jsonWith: (members: string) => string;
  readonly sign: (head: unknown, body: unknown, key?: KeyObject) => string;
  readonly hmac: (head: unknown, body: unknown, secret: string) => string;
}

export async function createForge(options: ForgeOptions): Promise<Forge> {
  const [foreign, curve] = await Promise.all([
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('ES256', { extractable: true }),
  ]);
  const claims = (change: object = {}): object => ({
    iss: options.issuer,
    aud: ['orchestrall', 'account'],
    sub: '0193c0de-0000-7000-8000-000000000001',
    jti: 'token-1',
    typ: 'Bearer',
    azp: 'console',
    preferred_username: 'ada',
    realm_access: { roles: ['operator', 'offline_access'] },
    iat: options.nowSeconds,
    exp: options.nowSeconds + 300,
    ...change,
  });
  return {
    ...options,
    other: KeyObject.from(foreign.privateKey),
    otherJwk: await exportJWK(foreign.publicKey),
    elliptic: KeyObject.from(curve.privateKey),
    header: (change = {}) => ({ alg: 'RS256', kid: options.kid, typ: 'JWT', ...change }),
    claims,
    without: (...names) =>
      Object.fromEntries(Object.entries(claims()).filter(([name]) => !names.includes(name))),
    jsonWith: (members) => JSON.stringify(claims()).replace(/\}$/, `,${members}}`),
    sign(head, body, key = options.ours) {
      const input = `${part(head)}.${part(body)}`;
      return `${input}.${createSign('sha256').update(input).sign(key).toString('base64url')}`;
    },
    hmac(head, body, secret) {
      const input = `${part(head)}.${part(body)}`;
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    },
  };
}

/** One part of a token: a value as JSON, or a text as it is. */
export const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

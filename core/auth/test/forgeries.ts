import { randomBytes } from 'node:crypto';
import type { RefusalReason } from '../tokens/refusal.ts';
import { part } from './forge.ts';
import type { Forge } from './forge.ts';

const flip = (token: string, at: number): string => {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[at] ?? '', 'base64url');
  bytes[9] = (bytes[9] ?? 0) ^ 1;
  parts[at] = bytes.toString('base64url');
  return parts.join('.');
};

/** Forms that must not be accepted, each with the reason that only the log tells. */
export const forgeries: readonly (readonly [
  name: string,
  reason: RefusalReason,
  make: (forge: Forge) => string,
])[] = [
  ['an empty text', 'token_malformed', () => ''],
  ['a text that is no token', 'token_malformed', () => 'let-me-in'],
  [
    'two parts',
    'token_malformed',
    (forge) => forge.sign(forge.header(), forge.claims()).split('.').slice(0, 2).join('.'),
  ],
  ['four parts', 'token_malformed', (forge) => `${forge.sign(forge.header(), forge.claims())}.x`],
  ['five parts, an encrypted token', 'token_malformed', () => 'a.b.c.d.e'],
  ['a space in front', 'token_malformed', (forge) => ` ${forge.sign(forge.header(), forge.claims())}`],
  ['a line end behind', 'token_malformed', (forge) => `${forge.sign(forge.header(), forge.claims())}\n`],
  ['padding', 'token_malformed', (forge) => `${forge.sign(forge.header(), forge.claims())}==`],
  [
    'the base64 alphabet with plus and slash',
    'token_malformed',
    (forge) => `+/${forge.sign(forge.header(), forge.claims())}`,
  ],
  [
    'a token beyond the size limit',
    'token_too_large',
    (forge) => forge.sign(forge.header(), forge.claims({ x: 'y'.repeat(9000) })),
  ],
  ['a header that is not JSON', 'header_malformed', (forge) => forge.sign('{"alg":', forge.claims())],
  ['a header that is a list', 'header_malformed', (forge) => forge.sign('[]', forge.claims())],
  ['a payload that is not JSON', 'token_malformed', (forge) => forge.sign(forge.header(), 'admin')],
  ['a payload that is null', 'token_malformed', (forge) => forge.sign(forge.header(), 'null')],
  [
    'alg none without a signature',
    'token_malformed',
    (forge) => `${part(forge.header({ alg: 'none' }))}.${part(forge.claims())}.`,
  ],
  [
    'alg none with a signature',
    'algorithm_not_allowed',
    (forge) => forge.sign(forge.header({ alg: 'none' }), forge.claims()),
  ],
  ['alg nOnE', 'algorithm_not_allowed', (forge) => forge.sign(forge.header({ alg: 'nOnE' }), forge.claims())],
  ['no alg', 'token_malformed', (forge) => forge.sign({ kid: forge.kid, typ: 'JWT' }, forge.claims())],
  [
    'alg as a list',
    'token_malformed',
    (forge) => forge.sign(forge.header({ alg: ['RS256'] }), forge.claims()),
  ],
  [
    'HS256 with the public key as the secret',
    'algorithm_not_allowed',
    (forge) => forge.hmac(forge.header({ alg: 'HS256' }), forge.claims(), forge.publicPem),
  ],
  [
    'the role admin under an HMAC by our key id',
    'algorithm_not_allowed',
    (forge) =>
      forge.hmac(
        forge.header({ alg: 'HS256' }),
        forge.claims({ realm_access: { roles: ['admin'] } }),
        forge.kid,
      ),
  ],
  [
    'HS256 with an empty secret',
    'algorithm_not_allowed',
    (forge) => forge.hmac(forge.header({ alg: 'HS256' }), forge.claims(), ''),
  ],
  [
    'RS512, which is not configured',
    'algorithm_not_allowed',
    (forge) => forge.sign(forge.header({ alg: 'RS512' }), forge.claims()),
  ],
  [
    'PS256, which is not configured',
    'algorithm_not_allowed',
    (forge) => forge.sign(forge.header({ alg: 'PS256' }), forge.claims()),
  ],
  [
    'ES256 by a known key, not configured',
    'algorithm_not_allowed',
    (forge) => forge.sign(forge.header({ alg: 'ES256', kid: 'ec' }), forge.claims(), forge.elliptic),
  ],
  [
    'RS256 naming a key of another kind',
    'key_unknown',
    (forge) => forge.sign(forge.header({ kid: 'ec' }), forge.claims()),
  ],
  ['no key id', 'key_unknown', (forge) => forge.sign({ alg: 'RS256', typ: 'JWT' }, forge.claims())],
  ['an unknown key id', 'key_unknown', (forge) => forge.sign(forge.header({ kid: 'two' }), forge.claims())],
  [
    'a key id that is a path',
    'key_unknown',
    (forge) => forge.sign(forge.header({ kid: '../../dev/null' }), forge.claims()),
  ],
  [
    'a key id that is SQL',
    'key_unknown',
    (forge) => forge.sign(forge.header({ kid: "' or 1=1; --" }), forge.claims()),
  ],
  [
    'a key id that is a number',
    'key_unknown',
    (forge) => forge.sign(forge.header({ kid: 1 }), forge.claims()),
  ],
  [
    "another realm's key under our key id",
    'signature_wrong',
    (forge) => forge.sign(forge.header(), forge.claims(), forge.other),
  ],
  [
    'an embedded jwk',
    'header_forbidden',
    (forge) => forge.sign(forge.header({ jwk: forge.otherJwk }), forge.claims(), forge.other),
  ],
  [
    'a jku',
    'header_forbidden',
    (forge) => forge.sign(forge.header({ jku: 'https://evil.example/jwks' }), forge.claims(), forge.other),
  ],
  [
    'an x5u',
    'header_forbidden',
    (forge) => forge.sign(forge.header({ x5u: 'https://evil.example/x' }), forge.claims(), forge.other),
  ],
  [
    'an x5c',
    'header_forbidden',
    (forge) => forge.sign(forge.header({ x5c: ['AAAA'] }), forge.claims(), forge.other),
  ],
  [
    'crit naming an extension',
    'header_forbidden',
    (forge) => forge.sign(forge.header({ crit: ['exp'] }), forge.claims()),
  ],
  [
    'crit nested in crit',
    'header_forbidden',
    (forge) => forge.sign(forge.header({ crit: ['crit'] }), forge.claims()),
  ],
  [
    'b64 false',
    'header_forbidden',
    (forge) => forge.sign(forge.header({ b64: false, crit: ['b64'] }), forge.claims()),
  ],
  [
    'b64 false without crit',
    'header_forbidden',
    (forge) => forge.sign(forge.header({ b64: false }), forge.claims()),
  ],
  ['compression', 'header_forbidden', (forge) => forge.sign(forge.header({ zip: 'DEF' }), forge.claims())],
  [
    'a tampered payload',
    'signature_wrong',
    (forge) => {
      const [head = '', , signature = ''] = forge.sign(forge.header(), forge.claims()).split('.');
      return `${head}.${part(forge.claims({ realm_access: { roles: ['admin'] } }))}.${signature}`;
    },
  ],
  [
    'a flipped bit in the signature',
    'signature_wrong',
    (forge) => flip(forge.sign(forge.header(), forge.claims()), 2),
  ],
  [
    'an empty signature of the right form',
    'token_malformed',
    (forge) => `${part(forge.header())}.${part(forge.claims())}.A`,
  ],
  [
    'a signature of zeros',
    'signature_wrong',
    (forge) => `${part(forge.header())}.${part(forge.claims())}.${Buffer.alloc(256).toString('base64url')}`,
  ],
  [
    'a random signature',
    'signature_wrong',
    (forge) => `${part(forge.header())}.${part(forge.claims())}.${randomBytes(256).toString('base64url')}`,
  ],
  ['no expiry', 'expiry_missing', (forge) => forge.sign(forge.header(), forge.without('exp'))],
  [
    'an expiry in the past',
    'expired',
    (forge) => forge.sign(forge.header(), forge.claims({ exp: forge.nowSeconds - 6 })),
  ],
  ['an expiry of zero', 'expired', (forge) => forge.sign(forge.header(), forge.claims({ exp: 0 }))],
  [
    'an expiry as text',
    'claims_malformed',
    (forge) => forge.sign(forge.header(), forge.claims({ exp: String(forge.nowSeconds + 300) })),
  ],
  [
    'an infinite expiry',
    'token_malformed',
    (forge) =>
      forge.sign(forge.header(), JSON.stringify(forge.claims()).replace(/"exp":\d+/, '"exp":Infinity')),
  ],
  [
    'an nbf in the future',
    'not_yet_valid',
    (forge) => forge.sign(forge.header(), forge.claims({ nbf: forge.nowSeconds + 60 })),
  ],
  ['an nbf as text', 'claims_malformed', (forge) => forge.sign(forge.header(), forge.claims({ nbf: 'now' }))],
  [
    'an iat in the future',
    'issued_in_future',
    (forge) => forge.sign(forge.header(), forge.claims({ iat: forge.nowSeconds + 60 })),
  ],
  ['no iat', 'claims_malformed', (forge) => forge.sign(forge.header(), forge.without('iat'))],
  ['no subject', 'claims_malformed', (forge) => forge.sign(forge.header(), forge.without('sub'))],
  ['an empty subject', 'claims_malformed', (forge) => forge.sign(forge.header(), forge.claims({ sub: '' }))],
  [
    'a subject that is an object',
    'claims_malformed',
    (forge) => forge.sign(forge.header(), forge.claims({ sub: { id: 1 } })),
  ],
  [
    'no jti, so that it could not be revoked',
    'claims_malformed',
    (forge) => forge.sign(forge.header(), forge.without('jti')),
  ],
  [
    'another audience',
    'audience_wrong',
    (forge) => forge.sign(forge.header(), forge.claims({ aud: 'account' })),
  ],
  ['no audience', 'audience_wrong', (forge) => forge.sign(forge.header(), forge.without('aud'))],
  [
    'an audience that contains ours as a part',
    'audience_wrong',
    (forge) => forge.sign(forge.header(), forge.claims({ aud: 'orchestrall-test' })),
  ],
  [
    'another issuer',
    'issuer_wrong',
    (forge) => forge.sign(forge.header(), forge.claims({ iss: 'https://evil.example/realms/orchestrall' })),
  ],
  [
    'another realm of our host',
    'issuer_wrong',
    (forge) =>
      forge.sign(forge.header(), forge.claims({ iss: forge.issuer.replace('orchestrall', 'master') })),
  ],
  [
    'an issuer with a slash behind',
    'issuer_wrong',
    (forge) => forge.sign(forge.header(), forge.claims({ iss: `${forge.issuer}/` })),
  ],
  [
    'a list of issuers',
    'issuer_wrong',
    (forge) => forge.sign(forge.header(), forge.claims({ iss: [forge.issuer] })),
  ],
  ['no issuer', 'issuer_wrong', (forge) => forge.sign(forge.header(), forge.without('iss'))],
  [
    'an id token of Keycloak',
    'kind_wrong',
    (forge) => forge.sign(forge.header(), forge.claims({ typ: 'ID', nonce: 'n' })),
  ],
  [
    'an id token of the embedded provider',
    'kind_wrong',
    (forge) => forge.sign(forge.header(), forge.without('typ', 'azp')),
  ],
  ['a refresh token', 'kind_wrong', (forge) => forge.sign(forge.header(), forge.claims({ typ: 'Refresh' }))],
  ['an offline token', 'kind_wrong', (forge) => forge.sign(forge.header(), forge.claims({ typ: 'Offline' }))],
  [
    'a logout token',
    'kind_wrong',
    (forge) => forge.sign(forge.header({ typ: 'logout+jwt' }), forge.claims()),
  ],
  [
    'a proof of possession',
    'kind_wrong',
    (forge) => forge.sign(forge.header({ typ: 'dpop+jwt' }), forge.claims()),
  ],
  [
    'no typ in the header',
    'kind_wrong',
    (forge) => forge.sign({ alg: 'RS256', kid: forge.kid }, forge.claims()),
  ],
  [
    'a foreign access token that only its header calls one',
    'kind_wrong',
    (forge) => forge.sign(forge.header({ typ: 'at+jwt' }), forge.without('typ')),
  ],
  [
    'a token bound to a key',
    'sender_constrained',
    (forge) => forge.sign(forge.header(), forge.claims({ cnf: { jkt: 'x' } })),
  ],
  [
    'a claim given twice',
    'claims_duplicated',
    (forge) => forge.sign(forge.header(), forge.jsonWith('"sub":"root"')),
  ],
  [
    'roles given twice inside',
    'claims_duplicated',
    (forge) => forge.sign(forge.header(), forge.jsonWith('"y":{"a":1,"a":2}')),
  ],
  [
    'a header parameter given twice',
    'claims_duplicated',
    (forge) => forge.sign('{"alg":"RS256","alg":"none","kid":"one","typ":"JWT"}', forge.claims()),
  ],
  [
    'roles as text',
    'roles_malformed',
    (forge) => forge.sign(forge.header(), forge.claims({ realm_access: { roles: 'admin' } })),
  ],
  [
    'roles as an object',
    'roles_malformed',
    (forge) => forge.sign(forge.header(), forge.claims({ realm_access: { roles: { 0: 'admin' } } })),
  ],
  [
    'a role that is an object',
    'roles_malformed',
    (forge) => forge.sign(forge.header(), forge.claims({ realm_access: { roles: [{ name: 'admin' }] } })),
  ],
  [
    'realm_access as text',
    'roles_malformed',
    (forge) => forge.sign(forge.header(), forge.claims({ realm_access: 'admin' })),
  ],
  [
    'nobody named',
    'caller_malformed',
    (forge) => forge.sign(forge.header(), forge.without('preferred_username', 'azp')),
  ],
  [
    'a revoked token',
    'revoked',
    (forge) => forge.sign(forge.header(), forge.claims({ jti: forge.revokedJti })),
  ],
];

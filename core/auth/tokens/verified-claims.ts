import type { Caller } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { isRole } from '../access.ts';
import { TokenRefusal } from './refusal.ts';

const Text = Type.String({ minLength: 1, maxLength: 255 });

/**
 * Claims of an access token that we read, named as Keycloak names them
 * (https://www.keycloak.org/docs/latest/server_admin/#_protocol-mappers).
 */
export const AccessTokenClaims = Type.Object({
  iss: Type.String({ minLength: 1, maxLength: 2048 }),
  aud: Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 64 })]),
  sub: Text,
  jti: Text,
  exp: Type.Number(),
  iat: Type.Number(),
  typ: Type.Optional(Type.String()),
  azp: Type.Optional(Text),
  sid: Type.Optional(Text),
  scope: Type.Optional(Type.String()),
  preferred_username: Type.Optional(Text),
  email: Type.Optional(Type.String()),
});
export type AccessTokenClaims = Static<typeof AccessTokenClaims>;

const RealmAccess = Type.Object({ roles: Type.Array(Type.String(), { maxItems: 1024 }) });

/** Groups that are read of a token, and the longest name or path of one. */
const maxGroups = 200;
const maxGroupCharacters = 255;

/** Prefix of the user name that Keycloak gives to a client's own account. */
export const serviceAccountPrefix = 'service-account-';

/** Checks the shape of verified claims and turns them into a caller; throws `TokenRefusal`. */
export function readCaller(payload: Readonly<Record<string, unknown>>): {
  claims: AccessTokenClaims;
  caller: Caller;
} {
  // Keycloak's id tokens say `ID` here, its refresh tokens `Refresh`; the embedded provider's say nothing.
  if (payload['typ'] !== 'Bearer') throw new TokenRefusal('kind_wrong');
  // A token bound to a key or certificate is worthless to a bearer who shows no proof of it (RFC 7800).
  if (payload['cnf'] !== undefined) throw new TokenRefusal('sender_constrained');
  if (!Check(AccessTokenClaims, payload)) throw new TokenRefusal('claims_malformed');
  const { sub, azp, preferred_username: userName } = payload;
  const name = userName ?? azp;
  if (name === undefined) throw new TokenRefusal('caller_malformed');
  const service = azp !== undefined && userName === `${serviceAccountPrefix}${azp}`;
  return {
    claims: payload,
    caller: {
      id: sub,
      kind: service ? 'service' : 'user',
      name: service ? azp : name,
      roles: readRoles(payload),
      teams: readGroups(payload),
      leads: [],
    },
  };
}

/**
 * Names or paths of groups. What cannot be one is left out, and so is what is beyond the most: a caller then sees less.
 */
function readGroups({ groups }: Readonly<Record<string, unknown>>): readonly string[] {
  if (!Array.isArray(groups)) return [];
  return [...new Set<string>(groups.filter(isGroupName))].slice(0, maxGroups);
}

function isGroupName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxGroupCharacters && /^[^\p{C}]+$/u.test(value);
}

function readRoles(payload: Readonly<Record<string, unknown>>): Caller['roles'] {
  const access = payload['realm_access'];
  if (access === undefined) return [];
  if (!Check(RealmAccess, access)) throw new TokenRefusal('roles_malformed');
  return [...new Set(access.roles.filter(isRole))];
}

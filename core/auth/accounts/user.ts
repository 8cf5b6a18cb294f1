import { isId } from '@orchestrall/sdk';
import type { Fault, Role } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import { allRoles, isRole } from '../access.ts';
import { authError } from '../errors.ts';
import { serviceAccountPrefix } from '../tokens/verified-claims.ts';

/** One of the appliance's roles, on the wire. */
export const RoleName = Type.Union([
  Type.Literal('admin'),
  Type.Literal('operator'),
  Type.Literal('viewer'),
  Type.Literal('system'),
]);

/** A team of a user, as the API shows it. */
const UserTeam = Type.Object({
  id: Type.String(),
  name: Type.String(),
  lead: Type.Boolean({ description: 'Whether the user leads it.' }),
});

/** A user as the API shows it. */
export const User = Type.Object({
  id: Type.String({ description: 'UUIDv7; the `sub` of the user\u2019s tokens.' }),
  name: Type.String({ description: 'Name to sign in with.' }),
  email: Type.Union([Type.String(), Type.Null()]),
  roles: Type.Array(RoleName),
  teams: Type.Array(UserTeam, { description: 'By name.' }),
  disabled: Type.Boolean({ description: 'A disabled user cannot sign in and holds no valid token.' }),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
});
export type User = Static<typeof User>;

/** What makes a new user. */
export const NewUser = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9._@-]{0,63}$',
      description: 'Lower case; letters, digits, `. _ @ -`.',
    }),
    email: Type.Optional(Type.String({ format: 'email', maxLength: 254 })),
    roles: Type.Array(RoleName, { uniqueItems: true, maxItems: 4 }),
    password: Type.Optional(
      Type.String({ description: 'Made up and returned when absent.', maxLength: 1024 }),
    ),
  },
  { additionalProperties: false },
);
export type NewUser = Static<typeof NewUser>;

/** A user's row. */
export interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly password_hash: string;
  readonly roles: readonly string[];
  readonly teams: Static<typeof UserTeam>[];
  readonly disabled_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The columns of `UserRow`, in a statement on `auth_users`. */
export const userColumns = `auth_users.*, (
  select coalesce(json_agg(json_build_object('id', t.id, 'name', t.name, 'lead', t.lead_id is not distinct from m.user_id)
    order by t.name_key), '[]')
  from auth_team_members m join auth_teams t on t.id = m.team_id where m.user_id = auth_users.id
) as teams`;

/** The user as others may see it. */
export function toUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    roles: row.roles.filter(isRole),
    teams: row.teams,
    disabled: row.disabled_at !== null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** Checks what the schema cannot; throws `USER_INVALID` with every fault. */
export function checkNewUser(user: NewUser): void {
  const faults: Fault[] = roleFaults(user.roles);
  if (!/^[a-z0-9][a-z0-9._@-]{0,63}$/.test(user.name)) {
    faults.push({
      path: '/name',
      message: 'needs 1 to 64 of a-z, 0-9 and . _ @ -, beginning with a letter or digit',
    });
  }
  // Users are asked for by id or name, so a name that could be an id might mean two of them.
  if (isId(user.name)) {
    faults.push({ path: '/name', message: 'must not have the form of an id' });
  }
  // Keycloak names the accounts of clients so; a person must not be taken for one.
  if (user.name.startsWith(serviceAccountPrefix)) {
    faults.push({ path: '/name', message: `must not begin with ${serviceAccountPrefix}` });
  }
  if (user.email !== undefined && !/^[^\s@\0]+@[^\s@\0]+$/.test(user.email)) {
    faults.push({ path: '/email', message: 'needs the form name@host' });
  }
  if (faults.length > 0) throw authError('USER_INVALID', { faults });
}

/** Throws `USER_INVALID` when a role is none of ours or stands there twice. */
export function checkRoles(roles: readonly Role[]): void {
  const faults = roleFaults(roles);
  if (faults.length > 0) throw authError('USER_INVALID', { faults });
}

/** A text to search by: PostgreSQL refuses NUL, and what holds one is nobody's name. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\u{fffd}');
}

/** Faults of a list of roles, for messages. */
export function roleFaults(roles: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  for (const [index, role] of roles.entries()) {
    if (!isRole(role))
      faults.push({ path: `/roles/${index}`, message: `needs one of ${allRoles.join(', ')}` });
    else if (roles.indexOf(role) < index)
      faults.push({ path: `/roles/${index}`, message: 'stands there twice' });
  }
  return faults;
}

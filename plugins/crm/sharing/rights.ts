import { validationFailed } from '@orchestrall/sdk';
import type { Caller } from '@orchestrall/sdk';
import type { Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { SharedFields } from './fields.ts';

type Sharing = Pick<SharedFields, 'shared' | 'owner_id' | 'team_id'>;

/** The condition under which a caller sees what is kept in a table; undefined for administrators, who see all. */
export function seenBy(table: string, { id, roles, teams }: Caller): Sql | undefined {
  if (roles.includes('admin')) return undefined;
  const column = (name: string) => sql.ref(`${table}.${name}`);
  return sql`(${column('shared')} = 'everyone' or ${column('owner_id')} = ${id}
    or (${column('shared')} = 'team' and ${column('team_id')} = any(${[...teams]}::text[])))`;
}

/** Whether a caller may change it and whom it is shared with: its owner and administrators. */
export function mayChange({ owner_id }: Sharing, { id, roles }: Caller): boolean {
  return owner_id === id || roles.includes('admin');
}

/** Who may see events that tell of it, as `visibleTo` says it. */
export function audienceOf({ shared, owner_id, team_id }: Sharing): readonly string[] | undefined {
  if (shared === 'everyone') return undefined;
  return [
    'admin',
    ...(owner_id === null ? [] : [`user:${owner_id}`]),
    ...(shared === 'team' && team_id !== null ? [`team:${team_id}`] : []),
  ];
}

/** Refuses to share with a team that is not named, or that the caller does not belong to. Throws `VALIDATION_FAILED`. */
export function requireTeam({ shared, team_id }: Sharing, { roles, teams }: Caller): void {
  if (shared !== 'team') return;
  if (team_id === null) {
    throw validationFailed([{ path: '/team_id', message: 'must name the team it is shared with' }]);
  }
  if (roles.includes('admin') || teams.includes(team_id)) return;
  throw validationFailed([{ path: '/team_id', message: 'must be a team that you belong to' }]);
}

import type { Database, Directory, DirectoryTeam, DirectoryUser } from '@orchestrall/sdk';
import { storable } from './user.ts';

interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly disabled: boolean;
}

interface TeamRow {
  readonly id: string;
  readonly name: string;
  readonly lead_id: string | null;
}

const person = 'select id, name, disabled_at is not null as disabled from auth_users';

/** Who and which teams there are, of the embedded identity provider. */
export function createDirectory(database: Database): Directory {
  return {
    async users(ids) {
      const rows = await database.query<PersonRow>(`${person} where id = any($1::text[])`, [
        ids.map(storable),
      ]);
      const found = new Map(rows.map((row) => [row.id, toUser(row)]));
      return distinct(ids, (id) => found.get(id) ?? { id, name: id, exists: false, enabled: false });
    },
    async teams(ids) {
      const rows = await database.query<TeamRow>(
        'select id, name, lead_id from auth_teams where id = any($1::text[])',
        [ids.map(storable)],
      );
      const found = new Map(rows.map((row) => [row.id, toTeam(row)]));
      return distinct(ids, (id) => found.get(id) ?? { id, name: id, exists: false, lead: null });
    },
    async findUser(nameOrId) {
      const [row] = await database.query<PersonRow>(`${person} where id = $1 or name = lower($1)`, [
        storable(nameOrId),
      ]);
      return row === undefined ? undefined : toUser(row);
    },
    async teamsOf(userId) {
      const rows = await database.query<TeamRow>(
        `select t.id, t.name, t.lead_id from auth_teams t join auth_team_members m on m.team_id = t.id
         where m.user_id = $1 order by t.name_key`,
        [storable(userId)],
      );
      return rows.map(toTeam);
    },
  };
}

function toUser({ id, name, disabled }: PersonRow): DirectoryUser {
  return { id, name, exists: true, enabled: !disabled };
}

function toTeam({ id, name, lead_id: lead }: TeamRow): DirectoryTeam {
  return { id, name, exists: true, lead };
}

function distinct<Item>(ids: readonly string[], item: (id: string) => Item): Item[] {
  return Array.from(new Set(ids), item);
}

import type { DataFolderDatabase } from '@orchestrall/core/testing';
import type { ApplianceProcess } from '../appliance-process.ts';
import type { BusyRecords } from './requests.ts';

/** The rules of the client: a viewer sees its own records, an operator those of its team as well. */
export const accessYaml = `access:
  viewer: { contacts: { records: own }, companies: { records: own }, deals: { records: own }, activities: { records: own } }
  operator: { contacts: { records: team }, companies: { records: team }, deals: { records: team }, activities: { records: team } }
`;

/** The roles that requests are measured as, with what such a caller sees of a table. */
export const sights: readonly (readonly [role: string, condition: string])[] = [
  ['admin', 'true'],
  ['operator', '(owner_id = $1 or team_id = $2)'],
  ['viewer', 'owner_id = $1'],
];

/** Id of the caller of local tokens, which no role changes. */
export async function callerId(appliance: ApplianceProcess): Promise<string> {
  const { authorization = '' } = await appliance.authorization();
  const claims: { sub: string } = JSON.parse(
    Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString(),
  );
  return claims.sub;
}

/** Makes that caller a member of a team. Only users are, which it is not: the rules of the database are bent for it. */
export async function joinTeam(database: DataFolderDatabase, user: string, team: string): Promise<void> {
  await database.query('alter table core.auth_team_members drop constraint auth_team_members_user_id_fkey');
  await database.query('insert into core.auth_teams (id, name, name_key) values ($1, $1, $1)', [team]);
  await database.query('insert into core.auth_team_members (team_id, user_id) values ($1, $2)', [team, user]);
}

/** The busiest records of those that a caller sees. */
export async function busyRecordsOf(
  database: DataFolderDatabase,
  condition: string,
  user: string,
  team: string,
): Promise<BusyRecords> {
  const busiest = async (table: string): Promise<string[]> => {
    const rows = await database.query<{ id: string }>(
      `select ${table}.id from plugin_crm.${table} join plugin_crm.activity_records on record_id = ${table}.id
      where ${bound(condition)} group by ${table}.id order by count(*) desc, ${table}.id limit 10`,
      [user, team],
    );
    return rows.map(({ id }) => id);
  };
  return {
    contacts: await busiest('contacts'),
    companies: await busiest('companies'),
    deals: await busiest('deals'),
  };
}

/** How many records of a table a caller sees. */
export async function countSeen(
  database: DataFolderDatabase,
  table: string,
  condition: string,
  user: string,
  team: string,
): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::integer as count from plugin_crm.${table} where ${bound(condition)}`,
    [user, team],
  );
  return row?.count ?? 0;
}

/** Each statement takes both values, whether it looks at them or not. */
function bound(condition: string): string {
  return `${condition} and $1::text is not null and $2::text is not null`;
}

import { createId } from '@orchestrall/sdk';
import type { Database, Transaction } from '@orchestrall/sdk';
import { authError } from '../errors.ts';
import * as events from './events.ts';
import type { Memberships } from './memberships.ts';
import { checkTeam, teamNameKey, toTeam } from './team.ts';
import type { NewTeam, Team, TeamChange, TeamMember, TeamRow } from './team.ts';
import { storable } from './user.ts';

interface Page {
  readonly cursor?: string | undefined;
  /** 1 to 200, default 50. */
  readonly limit?: number;
}

interface PageOf<Item> {
  readonly items: Item[];
  readonly next_cursor: string | null;
}

/**
 * Teams of users of the embedded provider, each named by its id; a user may be named by id or name. Each change is
 * audited and emitted with its commit, and counts for the next request to this process; others follow within a second.
 */
export interface Teams {
  /** Throws `TEAM_INVALID`, `TEAM_EXISTS`. */
  create(team: NewTeam): Promise<Team>;
  /** Throws `TEAM_NOT_FOUND`. */
  get(id: string): Promise<Team>;
  /** By name, whatever its case. */
  list(page?: Page): Promise<PageOf<Team>>;
  /** Throws `TEAM_NOT_FOUND`, `TEAM_INVALID`, `TEAM_EXISTS`. */
  update(id: string, change: TeamChange): Promise<Team>;
  /** Its members belong to it no longer. Throws `TEAM_NOT_FOUND`. */
  delete(id: string): Promise<void>;
  /** By name. Throws `TEAM_NOT_FOUND`. */
  members(id: string, page?: Page): Promise<PageOf<TeamMember>>;
  /** A member stays one. Throws `TEAM_NOT_FOUND`, `USER_NOT_FOUND`, `USER_DISABLED`. */
  addMember(id: string, user: string): Promise<Team>;
  /** A lead who leaves leads no longer. Throws `TEAM_NOT_FOUND`, `USER_NOT_FOUND`, `TEAM_MEMBER_NOT_FOUND`. */
  removeMember(id: string, user: string): Promise<Team>;
  /** Null: nobody leads. Throws `TEAM_NOT_FOUND`, `USER_NOT_FOUND`, `USER_DISABLED`, `TEAM_MEMBER_NOT_FOUND`. */
  setLead(id: string, user: string | null): Promise<Team>;
}

/** What the service of teams works on. */
export interface TeamsOptions {
  readonly database: Database;
  readonly memberships: Memberships;
}

interface Person {
  readonly id: string;
  readonly name: string;
  readonly disabled_at: Date | null;
}

const selectTeam = `select t.*, l.name as lead_name,
    (select count(*)::integer from auth_team_members m where m.team_id = t.id) as member_count
  from auth_teams t left join auth_users l on l.id = t.lead_id`;

/** Creates the service. */
export function createTeams({ database, memberships }: TeamsOptions): Teams {
  /** Runs a change; one at a time in the whole appliance, so that none meets another half done. */
  async function change<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const result = await database.transaction(async (tx) => {
      await tx.query('select version from auth_team_version for update');
      return work(tx);
    });
    // It is committed, whether or not it can be read just now; the next regular read tells.
    await Promise.allSettled([memberships.loadAnew()]);
    return result;
  }

  return {
    async create(team) {
      checkTeam(team);
      return change(async (tx) => {
        const id = createId();
        const made = await tx.query(
          `insert into auth_teams (id, name, name_key, description) values ($1, $2, $3, $4)
           on conflict (name_key) do nothing returning id`,
          [id, team.name, teamNameKey(team.name), team.description ?? null],
        );
        if (made.length === 0) throw authError('TEAM_EXISTS', { name: team.name });
        const after = await read(tx, id);
        record(tx, events.teamCreated, after, undefined);
        return after;
      });
    },
    get: (id) => read(database, id),
    async list(page = {}) {
      const limit = limitOf(page);
      const rows = await database.query<TeamRow & { readonly name_key: string }>(
        `${selectTeam} where t.name_key > $1 order by t.name_key limit $2`,
        [storable(page.cursor ?? ''), limit + 1],
      );
      const shown = rows.slice(0, limit);
      return {
        items: shown.map(toTeam),
        next_cursor: rows.length > limit ? (shown.at(-1)?.name_key ?? null) : null,
      };
    },
    async update(id, given) {
      checkTeam(given);
      return change(async (tx) => {
        const before = await read(tx, id);
        const { name = before.name, description = before.description } = given;
        if (name === before.name && description === before.description) return before;
        const [taken] = await tx.query('select 1 from auth_teams where name_key = $1 and id <> $2', [
          teamNameKey(name),
          before.id,
        ]);
        if (taken !== undefined) throw authError('TEAM_EXISTS', { name });
        await tx.query(
          'update auth_teams set name = $2, name_key = $3, description = $4, updated_at = now() where id = $1',
          [before.id, name, teamNameKey(name), description],
        );
        const after = await read(tx, before.id);
        record(tx, events.teamUpdated, after, before);
        return after;
      });
    },
    delete: (id) =>
      change(async (tx) => {
        const before = await read(tx, id);
        await tx.query('delete from auth_teams where id = $1', [before.id]);
        tx.emit(events.teamDeleted, summaryOf(before), { subject: before.id, visibleTo: ['admin'] });
        tx.audit({ action: events.teamDeleted.type, subjectType: 'team', subjectId: before.id, before });
      }),
    async members(id, page = {}) {
      const team = await read(database, id);
      const limit = limitOf(page);
      const rows = await database.query<Person & { readonly added_at: Date }>(
        `select u.id, u.name, u.disabled_at, m.added_at
         from auth_team_members m join auth_users u on u.id = m.user_id
         where m.team_id = $1 and u.name > $2 order by u.name limit $3`,
        [team.id, storable(page.cursor ?? ''), limit + 1],
      );
      const items = rows.slice(0, limit).map((row) => ({
        id: row.id,
        name: row.name,
        disabled: row.disabled_at !== null,
        lead: row.id === team.lead?.id,
        added_at: row.added_at.toISOString(),
      }));
      return { items, next_cursor: rows.length > limit ? (items.at(-1)?.name ?? null) : null };
    },
    addMember: (id, user) =>
      change(async (tx) => {
        const before = await read(tx, id);
        const person = await enabled(tx, user);
        const added = await tx.query(
          'insert into auth_team_members (team_id, user_id) values ($1, $2) on conflict do nothing returning user_id',
          [before.id, person.id],
        );
        if (added.length === 0) return before;
        const after = await read(tx, before.id);
        recordMember(tx, events.teamMemberAdded, after, person);
        return after;
      }),
    removeMember: (id, user) =>
      change(async (tx) => {
        const before = await read(tx, id);
        const person = await find(tx, user);
        const removed = await tx.query(
          'delete from auth_team_members where team_id = $1 and user_id = $2 returning user_id',
          [before.id, person.id],
        );
        if (removed.length === 0) {
          throw authError('TEAM_MEMBER_NOT_FOUND', { team: before.name, user: person.name });
        }
        const after = await read(tx, before.id);
        recordMember(tx, events.teamMemberRemoved, after, person);
        if (before.lead?.id === person.id) record(tx, events.teamLeadChanged, after, before);
        return after;
      }),
    setLead: (id, user) =>
      change(async (tx) => {
        const before = await read(tx, id);
        const person = user === null ? undefined : await enabled(tx, user);
        if ((before.lead?.id ?? null) === (person?.id ?? null)) return before;
        const led = await tx.query(
          `update auth_teams t set lead_id = $2, updated_at = now() where t.id = $1 and ($2::text is null or exists (
             select from auth_team_members m where m.team_id = t.id and m.user_id = $2
           )) returning t.id`,
          [before.id, person?.id ?? null],
        );
        if (led.length === 0) {
          throw authError('TEAM_MEMBER_NOT_FOUND', { team: before.name, user: person?.name });
        }
        const after = await read(tx, before.id);
        record(tx, events.teamLeadChanged, after, before);
        return after;
      }),
  };
}

async function read(database: Pick<Database, 'query'>, id: string): Promise<Team> {
  const [row] = await database.query<TeamRow>(`${selectTeam} where t.id = $1`, [storable(id)]);
  if (row === undefined) throw authError('TEAM_NOT_FOUND', { team: id });
  return toTeam(row);
}

/** Held until the end of the change, so that the row is not deleted beside it. */
async function find(tx: Transaction, user: string): Promise<Person> {
  const [person] = await tx.query<Person>(
    'select id, name, disabled_at from auth_users where id = $1 or name = lower($1) for key share',
    [storable(user)],
  );
  if (person === undefined) throw authError('USER_NOT_FOUND', { user });
  return person;
}

async function enabled(tx: Transaction, user: string): Promise<Person> {
  const person = await find(tx, user);
  if (person.disabled_at !== null) throw authError('USER_DISABLED', { name: person.name });
  return person;
}

function limitOf(page: Page): number {
  return Math.min(200, Math.max(1, page.limit ?? 50));
}

function summaryOf({ id, name, lead }: Team): { id: string; name: string; lead_id: string | null } {
  return { id, name, lead_id: lead?.id ?? null };
}

function record(
  tx: Transaction,
  event: typeof events.teamCreated | typeof events.teamUpdated | typeof events.teamLeadChanged,
  after: Team,
  before: Team | undefined,
): void {
  tx.emit(event, summaryOf(after), { subject: after.id, visibleTo: ['admin'] });
  const entry = { action: event.type, subjectType: 'team', subjectId: after.id, after };
  tx.audit(before === undefined ? entry : { ...entry, before });
}

function recordMember(
  tx: Transaction,
  event: typeof events.teamMemberAdded | typeof events.teamMemberRemoved,
  team: Team,
  { id, name }: Person,
): void {
  const member = { user_id: id, user_name: name };
  tx.emit(event, { ...summaryOf(team), ...member }, { subject: team.id, visibleTo: ['admin'] });
  const which = event === events.teamMemberAdded ? { after: member } : { before: member };
  tx.audit({ action: event.type, subjectType: 'team', subjectId: team.id, ...which });
}

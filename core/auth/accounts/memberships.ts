import type { Database } from '@orchestrall/sdk';

/** The teams of one user; the same object as long as nothing has changed. */
export interface Membership {
  /** Ids, ascending. */
  readonly teams: readonly string[];
  /** Those of them that the user leads. */
  readonly leads: readonly string[];
}

/** Who belongs to which team, as this process knows it: all of it in memory, so that a request costs one look-up. */
export interface Memberships {
  /** Empty for whoever is in no team. */
  of(userId: string): Membership;
  /** Reads what has changed since the last time. */
  load(): Promise<void>;
  /** As `load`, by a read that begins now: for what was just committed here. */
  loadAnew(): Promise<void>;
}

interface MemberRow {
  readonly user_id: string;
  readonly team_id: string;
  readonly lead: boolean;
}

const none: Membership = { teams: [], leads: [] };

/** Creates the list, empty; the caller loads it as often as the revocations. While nothing changes a load is one row. */
export function createMemberships(database: Database): Memberships {
  let known: ReadonlyMap<string, Membership> = new Map();
  let knownVersion: number | undefined;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    // The number first: members that are newer than it are read once more, not missed.
    const [row] = await database.query<{ version: number }>('select version from auth_team_version');
    if (row === undefined || row.version === knownVersion) return;
    const rows = await database.query<MemberRow>(
      `select m.user_id, m.team_id, t.lead_id is not distinct from m.user_id as lead
       from auth_team_members m join auth_teams t on t.id = m.team_id order by m.user_id, m.team_id`,
    );
    known = byUser(rows, known);
    knownVersion = row.version;
  }

  const load = (): Promise<void> => {
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  };

  return {
    of: (userId) => known.get(userId) ?? none,
    load,
    async loadAnew() {
      if (reading !== undefined) await Promise.allSettled([reading]);
      await load();
    },
  };
}

/** What a user had before stays the same object when it is the same, by which others see that nothing has changed. */
function byUser(
  rows: readonly MemberRow[],
  before: ReadonlyMap<string, Membership>,
): ReadonlyMap<string, Membership> {
  const found = new Map<string, { teams: string[]; leads: string[] }>();
  for (const row of rows) {
    const membership = found.get(row.user_id) ?? { teams: [], leads: [] };
    found.set(row.user_id, membership);
    membership.teams.push(row.team_id);
    if (row.lead) membership.leads.push(row.team_id);
  }
  return new Map(
    Array.from(found, ([userId, membership]) => {
      const former = before.get(userId);
      return [userId, former !== undefined && isSame(former, membership) ? former : membership];
    }),
  );
}

function isSame(one: Membership, other: Membership): boolean {
  return `${one.teams.join()};${one.leads.join()}` === `${other.teams.join()};${other.leads.join()}`;
}

import { validationFailed } from '@orchestrall/sdk';
import type { Caller, Directory, Fault } from '@orchestrall/sdk';
import type { Owned } from './access.ts';

/** How long it is remembered that there is a user or a team, and that there is none, milliseconds. */
const knownMs = 60_000;
const unknownMs = 5_000;

/** Most ids that are remembered. */
const maxRemembered = 10_000;

/** Knows to whom records may be given. */
export interface Owners {
  /**
   * Refuses a new owner or team that there is not. What stays as it was is not looked at, nor are callers themselves
   * and their own teams; of an outside identity provider every id counts. Throws `VALIDATION_FAILED`.
   */
  require(fields: Owned, before: Owned | undefined, by: Caller): Promise<void>;
}

type Exists = (
  ids: readonly string[],
) => Promise<readonly { readonly id: string; readonly exists: boolean }[]>;

/** Creates the check over the appliance's users and teams; `now` is a time in milliseconds. */
export function createOwners(
  directory: Pick<Directory, 'users' | 'teams'>,
  now: () => number = () => performance.now(),
): Owners {
  const [isUser, isTeam] = [
    remembered((ids) => directory.users(ids), now),
    remembered((ids) => directory.teams(ids), now),
  ];
  return {
    async require({ owner_id: owner, team_id: team }, before, by) {
      const faults: Fault[] = [];
      if (owner !== null && owner !== before?.owner_id && owner !== by.id && !(await isUser(owner))) {
        const remedy = 'an administrator finds it at GET /api/v1/system/users; null for nobody';
        faults.push({
          path: '/owner_id',
          message: `must be the id of a user; no user has the id ${owner}, ${remedy}`,
        });
      }
      if (team !== null && team !== before?.team_id && !by.teams.includes(team) && !(await isTeam(team))) {
        const remedy = 'an administrator finds it at GET /api/v1/system/teams; null for none';
        faults.push({
          path: '/team_id',
          message: `must be the id of a team; no team has the id ${team}, ${remedy}`,
        });
      }
      if (faults.length > 0) throw validationFailed(faults);
    },
  };
}

/** A check for records whose owners come from where they cannot be looked up. */
export function anyOwner(): Owners {
  return { require: async () => undefined };
}

/** Whether there is somebody, asked once for a while: batches name the same few again and again. */
function remembered(ask: Exists, now: () => number): (id: string) => Promise<boolean> {
  const known = new Map<string, { readonly exists: boolean; readonly until: number }>();
  return async (id) => {
    const before = known.get(id);
    if (before !== undefined && before.until > now()) return before.exists;
    const exists = (await ask([id])).some((found) => found.exists);
    if (known.size >= maxRemembered) known.clear();
    known.set(id, { exists, until: now() + (exists ? knownMs : unknownMs) });
    return exists;
  };
}

import type { Directory } from '@orchestrall/sdk';
import { crmError } from '../errors.ts';
import type { FieldValues } from '../provider.ts';
import type { FindUser } from '../salesforce/mapping/owners.ts';
import type { SyncConfig } from './config.ts';

/** How long it is remembered who has a name, milliseconds. */
const rememberedMs = 600_000;

/** Finds users by name, asking for each name once in ten minutes. */
export function rememberUsers(directory: Pick<Directory, 'findUser'>, nowMs: () => number): FindUser {
  const known = new Map<string, { readonly id: string | undefined; readonly atMs: number }>();
  return async (name) => {
    const found = known.get(name);
    if (found !== undefined && nowMs() - found.atMs < rememberedMs) return found.id;
    const id = (await directory.findUser(name))?.id;
    known.set(name, { id, atMs: nowMs() });
    return id;
  };
}

/** The team that goes with an owner: theirs, if they have one only. */
export function teamsOfOwners(
  directory: Pick<Directory, 'teamsOf'>,
): (owner: string) => Promise<string | null> {
  const known = new Map<string, string | null>();
  return async (owner) => {
    const found = known.get(owner);
    if (found !== undefined) return found;
    const [team, ...others] = await directory.teamsOf(owner);
    const id = team === undefined || others.length > 0 ? null : team.id;
    known.set(owner, id);
    return id;
  };
}

/** What a record has whose owner nobody here is. Throws `SYNC_OWNER_UNKNOWN`. */
export async function defaultOwnership(
  directory: Pick<Directory, 'findUser' | 'teams'>,
  { default_owner: owner, default_team: team }: SyncConfig,
): Promise<FieldValues> {
  const user = owner === undefined ? undefined : await directory.findUser(owner);
  if (owner !== undefined && user === undefined)
    throw crmError('SYNC_OWNER_UNKNOWN', { setting: 'default_owner', value: owner });
  const [found] = team === undefined ? [] : await directory.teams([team]);
  if (team !== undefined && found?.exists !== true)
    throw crmError('SYNC_OWNER_UNKNOWN', { setting: 'default_team', value: team });
  return { owner_id: user?.id ?? null, team_id: team ?? null };
}

import type { Directory } from '../../directory.ts';
import type { Caller } from '../../http.ts';

/** The users and teams that rights are read from again. */
export type People = Pick<Directory, 'users' | 'teamsOf'>;

/**
 * Who asked for a change that is still running, with the teams of now; undefined when they may no longer sign in. Roles
 * are those of the request, since only tokens tell them; so are the teams of a program, and of a user of whom the
 * directory has not heard since the start.
 */
export async function requesterOf(people: People, asked: Caller): Promise<Caller | undefined> {
  if (asked.kind !== 'user') return asked;
  const [user] = await people.users([asked.id]);
  if (user === undefined || !user.exists || !user.enabled) return undefined;
  if (user.name === asked.id) return asked;
  const teams = await people.teamsOf(asked.id);
  return {
    ...asked,
    teams: teams.map(({ id }) => id),
    leads: teams.flatMap(({ id, lead }) => (lead === asked.id ? [id] : [])),
  };
}

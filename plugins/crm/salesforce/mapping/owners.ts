import type { RemoteUser } from '../client/users.ts';

/** Who of our users a user of Salesforce is, by id there, and back. */
export interface Owners {
  readonly here: ReadonlyMap<string, string>;
  readonly there: ReadonlyMap<string, string>;
  /** Names of active users there whom nobody here is. */
  readonly strangers: readonly string[];
}

/** Nobody here is anybody there. */
export const noOwners: Owners = { here: new Map(), there: new Map(), strangers: [] };

/** The id of the user here that has this user name or e-mail, in any case; undefined when there is none. */
export type FindUser = (name: string) => Promise<string | undefined>;

/**
 * Finds who of ours the users of Salesforce are: by user name first, then by e-mail. One here is given back as the active
 * user there that has it, the first where several have.
 */
export async function mapOwners(users: readonly RemoteUser[], findUser: FindUser): Promise<Owners> {
  const here = new Map<string, string>();
  const there = new Map<string, string>();
  const strangers: string[] = [];
  for (const { id, username, email, name, active } of users) {
    const user =
      (username === null ? undefined : await findUser(username)) ??
      (email === null ? undefined : await findUser(email));
    if (user === undefined) {
      if (active) strangers.push(name ?? username ?? id);
      continue;
    }
    here.set(id, user);
    if (active && !there.has(user)) there.set(user, id);
  }
  return { here, there, strangers };
}

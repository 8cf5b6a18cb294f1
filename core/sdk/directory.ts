/** A user as others may know it. */
export interface DirectoryUser {
  readonly id: string;
  /** Name to sign in with; the id where no name is known. */
  readonly name: string;
  /** Whether a record may name this user; false for an id that is nobody's. */
  readonly exists: boolean;
  /** False for a user who cannot sign in, and for nobody. */
  readonly enabled: boolean;
}

/** A team as others may know it. */
export interface DirectoryTeam {
  readonly id: string;
  /** Its name; the id where no name is known. */
  readonly name: string;
  /** Whether a record may name this team; false for an id of none. */
  readonly exists: boolean;
  /** The user who leads it; null when nobody does or it is not known. */
  readonly lead: string | null;
}

/**
 * The users and teams of the appliance, for plugins whose records name them. Each call is one read of the core's own,
 * outside the caller's transaction; it rejects as every read of the database does.
 *
 * With an outside identity provider nobody here knows all users and groups: the answers hold what was seen in tokens
 * since the start, and an id that was not seen counts as existing and enabled, named by itself.
 */
export interface Directory {
  /** One user for each distinct id, in the order given. */
  users(ids: readonly string[]): Promise<readonly DirectoryUser[]>;
  /** One team for each distinct id, in the order given. */
  teams(ids: readonly string[]): Promise<readonly DirectoryTeam[]>;
  /** The user of an id or a name, the latter in any case; undefined when there is none. */
  findUser(nameOrId: string): Promise<DirectoryUser | undefined>;
  /** The teams a user belongs to, by name; none of somebody unknown. */
  teamsOf(userId: string): Promise<readonly DirectoryTeam[]>;
}

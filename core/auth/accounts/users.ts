import { createId } from '@orchestrall/sdk';
import type { Database, EventDefinition, Role, Transaction } from '@orchestrall/sdk';
import { authError } from '../errors.ts';
import type { Artifacts } from '../tokens/artifacts.ts';
import { userKey } from './attempts.ts';
import * as events from './events.ts';
import { checkPasswordRules, generatePassword, isHashable } from './password.ts';
import type { PasswordHasher } from './password.ts';
import { checkNewUser, checkRoles, storable, toUser, userColumns } from './user.ts';
import type { NewUser, User, UserRow } from './user.ts';

/** People who sign in. A user is named by its id or name; each change is audited and emitted with its commit. */
export interface Users {
  /** Throws `USER_INVALID`, `PASSWORD_REFUSED`, `USER_EXISTS`. Returns the password only when it was made up here. */
  create(user: NewUser): Promise<{ readonly user: User; readonly password?: string }>;
  /** Throws `USER_NOT_FOUND`. */
  get(idOrName: string): Promise<User>;
  /** By name; `limit` 1 to 200, default 50. */
  list(page?: {
    readonly cursor?: string | undefined;
    readonly limit?: number;
  }): Promise<{ readonly items: User[]; readonly next_cursor: string | null }>;
  /** Access tokens with the former roles are revoked. Throws `USER_NOT_FOUND`, `USER_INVALID`, `LAST_ADMINISTRATOR`. */
  setRoles(idOrName: string, roles: readonly Role[]): Promise<User>;
  /** Ends every session and token. Throws `USER_NOT_FOUND`, `LAST_ADMINISTRATOR`. */
  disable(idOrName: string): Promise<User>;
  /** Throws `USER_NOT_FOUND`. */
  enable(idOrName: string): Promise<User>;
  /**
   * Sets a password, made up when absent, ends every session and token, and forgets failed sign-ins.
   * Throws `USER_NOT_FOUND`, `PASSWORD_REFUSED`.
   */
  resetPassword(
    idOrName: string,
    password?: string,
  ): Promise<{ readonly user: User; readonly password: string }>;
  /** Who signs in with this; undefined when nobody does, after the same work. Rehashes when the cost has changed. */
  authenticate(name: string, password: string): Promise<User | undefined>;
  /** The enabled user of an id, for tokens. */
  find(id: string): Promise<User | undefined>;
  /** Creates the administrator `admin` when there is no user at all; returns its password then. */
  createFirst(): Promise<string | undefined>;
}

/** What the service of users works on. */
export interface UsersOptions {
  readonly database: Database;
  readonly artifacts: Artifacts;
  readonly hasher: PasswordHasher;
}

const byIdOrName = `select ${userColumns} from auth_users where id = $1 or name = lower($1)`;
const administratorIds = `select id from auth_users where 'admin' = any(roles) and disabled_at is null`;

/** Creates the service. */
export function createUsers({ database, artifacts, hasher }: UsersOptions): Users {
  async function change(
    idOrName: string,
    event: EventDefinition<string, typeof events.userUpdated.data>,
    work: (tx: Transaction, user: UserRow) => Promise<UserRow | undefined>,
    mayRemoveAdministrator = false,
  ): Promise<User> {
    return database.transaction(async (tx) => {
      // Before the user's own row, so that two who remove each other wait in line instead of for one another.
      if (mayRemoveAdministrator) await tx.query(`${administratorIds} order by id for update`);
      const [before] = await tx.query<UserRow>(`${byIdOrName} for update`, [storable(idOrName)]);
      if (before === undefined) throw authError('USER_NOT_FOUND', { user: idOrName });
      const after = await work(tx, before);
      if (after === undefined) return toUser(before);
      record(tx, event, toUser(after), toUser(before));
      return toUser(after);
    });
  }

  const store = async (
    user: NewUser,
    onlyIfNone: boolean,
  ): Promise<{ user: User; password: string } | undefined> => {
    checkNewUser(user);
    const password = user.password ?? generatePassword();
    checkPasswordRules(password, user.name);
    const passwordHash = await hasher.hash(password);
    return database.transaction(async (tx) => {
      // Two first starts at once must not make two administrators.
      if (onlyIfNone) await tx.query('lock table auth_users in share row exclusive mode');
      const [row] = await tx.query<UserRow>(
        `insert into auth_users (id, name, email, password_hash, roles) select $1, $2, $3, $4, $5::text[]
         where not $6::boolean or not exists (select 1 from auth_users) on conflict (name) do nothing returning ${userColumns}`,
        [createId(), user.name, user.email ?? null, passwordHash, user.roles, onlyIfNone],
      );
      if (row === undefined) {
        if (onlyIfNone) return undefined;
        throw authError('USER_EXISTS', { name: user.name });
      }
      record(tx, events.userCreated, toUser(row), undefined);
      return { user: toUser(row), password };
    });
  };

  return {
    async create(user) {
      const created = await store(user, false);
      if (created === undefined) throw authError('USER_EXISTS', { name: user.name });
      return user.password === undefined ? created : { user: created.user };
    },
    async get(idOrName) {
      const [row] = await database.query<UserRow>(byIdOrName, [storable(idOrName)]);
      if (row === undefined) throw authError('USER_NOT_FOUND', { user: idOrName });
      return toUser(row);
    },
    async list(page = {}) {
      const limit = Math.min(200, Math.max(1, page.limit ?? 50));
      const rows = await database.query<UserRow>(
        `select ${userColumns} from auth_users where name > $1 order by name limit $2`,
        [storable(page.cursor ?? ''), limit + 1],
      );
      const items = rows.slice(0, limit).map(toUser);
      return { items, next_cursor: rows.length > limit ? (items.at(-1)?.name ?? null) : null };
    },
    async setRoles(idOrName, roles) {
      checkRoles(roles);
      const removing = !roles.includes('admin');
      const work = async (tx: Transaction, user: UserRow): Promise<UserRow | undefined> => {
        if (removing) await keepAdministrator(tx, user);
        const [row] = await tx.query<UserRow>(
          `update auth_users set roles = $2, updated_at = now() where id = $1 returning ${userColumns}`,
          [user.id, roles],
        );
        await artifacts.revoke(tx, { accountId: user.id, kinds: ['AccessToken'] });
        return row;
      };
      return change(idOrName, events.userUpdated, work, removing);
    },
    disable: (idOrName) =>
      change(
        idOrName,
        events.userDisabled,
        async (tx, user) => {
          if (user.disabled_at !== null) return undefined;
          await keepAdministrator(tx, user);
          const [row] = await tx.query<UserRow>(
            `update auth_users set disabled_at = now(), updated_at = now() where id = $1 returning ${userColumns}`,
            [user.id],
          );
          await artifacts.revoke(tx, { accountId: user.id });
          return row;
        },
        true,
      ),
    enable: (idOrName) =>
      change(idOrName, events.userEnabled, async (tx, user) => {
        if (user.disabled_at === null) return undefined;
        const [row] = await tx.query<UserRow>(
          `update auth_users set disabled_at = null, updated_at = now() where id = $1 returning ${userColumns}`,
          [user.id],
        );
        return row;
      }),
    async resetPassword(idOrName, given) {
      const { name } = await this.get(idOrName);
      const password = given ?? generatePassword();
      checkPasswordRules(password, name);
      const passwordHash = await hasher.hash(password);
      const user = await change(idOrName, events.userPasswordReset, async (tx, before) => {
        const [row] = await tx.query<UserRow>(
          `update auth_users set password_hash = $2, updated_at = now() where id = $1 returning ${userColumns}`,
          [before.id, passwordHash],
        );
        await artifacts.revoke(tx, { accountId: before.id });
        // Who forgot a password has tried before.
        await tx.query('delete from auth_attempts where key = $1', [userKey(before.name)]);
        return row;
      });
      return { user, password };
    },
    async authenticate(name, password) {
      if (!isHashable(password)) return undefined;
      const [row] = await database.query<UserRow>(
        `select ${userColumns} from auth_users where name = lower($1)`,
        [storable(name.trim())],
      );
      if (row === undefined) {
        await hasher.checkNobody(password);
        return undefined;
      }
      const { matches, outdated } = await hasher.check(password, row.password_hash);
      if (!matches || row.disabled_at !== null) return undefined;
      if (outdated) {
        await database.query(
          'update auth_users set password_hash = $2 where id = $1 and password_hash = $3',
          [row.id, await hasher.hash(password), row.password_hash],
        );
      }
      return toUser(row);
    },
    async find(id) {
      const [row] = await database.query<UserRow>(
        `select ${userColumns} from auth_users where id = $1 and disabled_at is null`,
        [storable(id)],
      );
      return row === undefined ? undefined : toUser(row);
    },
    async createFirst() {
      const [existing] = await database.query('select 1 from auth_users limit 1');
      if (existing !== undefined) return undefined;
      return (await store({ name: 'admin', roles: ['admin'] }, true))?.password;
    },
  };
}

function record(
  tx: Transaction,
  event: EventDefinition<string, typeof events.userUpdated.data>,
  after: User,
  before: User | undefined,
): void {
  const { id, name, roles, disabled } = after;
  tx.emit(event, { id, name, roles, disabled }, { subject: id, visibleTo: ['admin'] });
  const entry = { action: event.type, subjectType: 'user', subjectId: id, after };
  tx.audit(before === undefined ? entry : { ...entry, before });
}

/** Refuses to take the last administrator away; all of them are locked by now. */
async function keepAdministrator(tx: Transaction, user: UserRow): Promise<void> {
  if (!user.roles.includes('admin') || user.disabled_at !== null) return;
  const administrators = await tx.query<{ id: string }>(administratorIds);
  if (administrators.every((row) => row.id === user.id))
    throw authError('LAST_ADMINISTRATOR', { name: user.name });
}

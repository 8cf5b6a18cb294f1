import type { Database, Transaction } from '@orchestrall/sdk';
import type { Adapter, ModelPayload } from 'oidc-provider';
import { hash } from 'node:crypto';
import type { Revocations } from './revocations.ts';

/** Kinds whose id is all that a thief would need: only its hash is stored. */
const secretIds: ReadonlySet<string> = new Set([
  'Session',
  'RefreshToken',
  'AuthorizationCode',
  'Interaction',
]);
/** Kinds that live on as signed tokens outside, so that deleting the row must leave a revocation. */
const accessTokenKinds = ['AccessToken', 'ClientCredentials'];

/** Deletes artifacts that fit a condition; access tokens among them are revoked in the same statement. */
const deleting = (condition: string): string => `
  with gone as (delete from auth_artifacts where ${condition} returning kind, id, expires_at),
  revoked as (
    insert into auth_revocations (jti, expires_at)
    select id, expires_at from gone where kind = any('{${accessTokenKinds.join(',')}}')
    on conflict (jti) do nothing
  )
  select id from gone where kind = any('{${accessTokenKinds.join(',')}}')`;

/** Which artifacts to delete. */
type ArtifactScope =
  | { readonly accountId: string; readonly kinds?: readonly string[] }
  | { readonly clientId: string };

/** What the identity provider keeps: sessions, grants, codes, tokens. Times are the database's. */
export interface Artifacts {
  /** The store of one kind, as oidc-provider wants it. */
  adapter(kind: string): Adapter;
  /** Keeps an access token that was made outside oidc-provider. */
  keep(kind: string, id: string, payload: ModelPayload, expiresInSeconds: number): Promise<void>;
  /** Deletes and revokes within a change of the caller's. */
  revoke(tx: Transaction, scope: ArtifactScope): Promise<void>;
  /** Deletes what has expired. */
  clean(): Promise<void>;
}

/** Where artifacts are kept, and who must hear of revoked ones. */
export interface ArtifactsOptions {
  readonly database: Database;
  readonly revocations: Revocations;
  /** A client's metadata by its `client_id`, in oidc-provider's form; undefined when there is none or it is off. */
  readonly findClient: (clientId: string) => Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** Creates the store. */
export function createArtifacts(options: ArtifactsOptions): Artifacts {
  const { database, revocations } = options;
  const remove = async (condition: string, values: readonly unknown[]): Promise<void> => {
    const rows = await database.query<{ id: string }>(deleting(condition), values);
    revocations.add(rows.map((row) => row.id));
  };

  /** The grant first: what is being written under it meanwhile waits, and the second statement sees what was. */
  const endGrant = async (grantId: string): Promise<void> => {
    await remove(`kind = 'Grant' and id = $1`, [grantId]);
    await remove('grant_id = $1', [grantId]);
  };

  async function keep(kind: string, id: string, payload: ModelPayload, expiresIn = 60): Promise<void> {
    const secret = secretIds.has(kind);
    const { jti, ...stored } = payload;
    const rows = await database.query(
      // The share locks close the gap between a token's making and its writing. Whoever disables the user, changes
      // roles or ends the grant either sees this row and revokes it, or this statement sees that and writes nothing.
      `with holder as (
         select 1 from auth_users
         where id = $4 and disabled_at is null and ($9::text[] is null or roles = $9::text[]) for share
       ), permitted as (
         select 1 from auth_artifacts where kind = 'Grant' and id = $6 for share
       )
       insert into auth_artifacts (kind, id, payload, account_id, client_id, grant_id, session_uid, expires_at)
       select $1, $2, $3::jsonb, $4, $5, $6, $7, now() + $8::float8 * interval '1 second'
       where ($4::text is null or exists (select 1 from holder))
         and ($6::text is null or exists (select 1 from permitted))
       on conflict (kind, id) do update set payload = excluded.payload, account_id = excluded.account_id,
         client_id = excluded.client_id, grant_id = excluded.grant_id, session_uid = excluded.session_uid,
         expires_at = excluded.expires_at
       returning 1`,
      [
        kind,
        storedId(kind, id),
        JSON.stringify(secret ? withoutCookie(stored) : { ...stored, jti }),
        payload.accountId ?? null,
        payload.clientId ?? null,
        payload.grantId ?? null,
        (kind === 'Session' ? payload.uid : payload.sessionUid) ?? null,
        expiresIn,
        kind === 'AccessToken' ? rolesOf(payload) : null,
      ],
    );
    if (rows.length === 0) throw await invalidGrant('user, roles or grant changed meanwhile');
  }

  const find = async (kind: string, id: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const [row] = await database.query<StoredRow>(
      `select payload, extract(epoch from consumed_at)::float8 as consumed from auth_artifacts
       where kind = $1 and id = $2 and expires_at > now()`,
      [kind, storedId(kind, id)],
    );
    return row === undefined ? undefined : { ...readRow(row), jti: id };
  };

  return {
    keep,
    adapter: (kind) => ({
      upsert: (id, payload, expiresIn) => keep(kind, id, payload, expiresIn),
      find: (id) => (kind === 'Client' ? options.findClient(id) : find(kind, id)),
      async findByUid(uid) {
        const [row] = await database.query<StoredRow>(
          `select payload, null::float8 as consumed from auth_artifacts
           where kind = $1 and session_uid = $2 and expires_at > now()`,
          [kind, uid],
        );
        return row === undefined ? undefined : readRow(row);
      },
      // Of the flows that are on, none has user codes.
      findByUserCode: () => Promise.resolve(undefined),
      async consume(id) {
        const rows = await database.query<{ id: string }>(
          `update auth_artifacts set consumed_at = now() where kind = $1 and id = $2 and consumed_at is null
           returning id`,
          [kind, storedId(kind, id)],
        );
        if (rows.length > 0) return;
        // Two uses at once: both read it unused, one consumed it. The other is a reuse like any later one.
        const [row] = await database.query<{ grant_id: string | null }>(
          'select grant_id from auth_artifacts where kind = $1 and id = $2',
          [kind, storedId(kind, id)],
        );
        if (typeof row?.grant_id === 'string') await endGrant(row.grant_id);
        throw await invalidGrant('already used');
      },
      destroy: (id) =>
        kind === 'Grant' ? endGrant(id) : remove('kind = $1 and id = $2', [kind, storedId(kind, id)]),
      revokeByGrantId: (grantId) => remove('kind = $1 and grant_id = $2', [kind, grantId]),
    }),
    async revoke(tx, scope) {
      const rows =
        'clientId' in scope
          ? await tx.query<{ id: string }>(deleting('client_id = $1'), [scope.clientId])
          : await tx.query<{ id: string }>(
              deleting('account_id = $1 and ($2::text[] is null or kind = any($2::text[]))'),
              [scope.accountId, scope.kinds ?? null],
            );
      tx.afterCommit(() => revocations.add(rows.map((row) => row.id)));
    },
    async clean() {
      // Expired access tokens leave no revocation: nobody accepts them any more.
      await database.query(`delete from auth_artifacts where expires_at < now() - interval '60 seconds'`);
      await database.query(`delete from auth_revocations where expires_at < now() - interval '120 seconds'`);
      await database.query(`delete from auth_attempts where last_at < now() - interval '1 day'`);
      await database.query(`delete from auth_keys where retires_at < now() - interval '1 day'`);
    },
  };
}

/** What oidc-provider turns into `invalid_grant`; it is loaded by then, unless a local token is refused first. */
async function invalidGrant(reason: string): Promise<Error> {
  const { errors } = await import('oidc-provider');
  return new errors.InvalidGrant(reason);
}

interface StoredRow {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly consumed: number | null;
}

function readRow(row: StoredRow): Readonly<Record<string, unknown>> {
  return row.consumed === null ? row.payload : { ...row.payload, consumed: Math.floor(row.consumed) };
}

function storedId(kind: string, id: string): string {
  return secretIds.has(kind) ? hash('sha256', id, 'base64url') : id;
}

/** An interaction repeats its session's cookie, which nothing reads. */
function withoutCookie(payload: ModelPayload): ModelPayload {
  const session = payload['session'];
  if (typeof session !== 'object' || session === null || !('cookie' in session)) return payload;
  const { cookie: _, ...rest } = session;
  return { ...payload, session: rest };
}

function rolesOf(payload: ModelPayload): readonly string[] | null {
  const access = payload.extra?.['realm_access'];
  if (typeof access !== 'object' || access === null || !('roles' in access)) return null;
  return Array.isArray(access.roles) ? access.roles.map(String) : null;
}

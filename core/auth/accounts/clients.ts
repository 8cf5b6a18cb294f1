import { createId } from '@orchestrall/sdk';
import type { Database, EventDefinition, Transaction } from '@orchestrall/sdk';
import { hash, randomBytes } from 'node:crypto';
import { authError } from '../errors.ts';
import type { Artifacts } from '../tokens/artifacts.ts';
import { checkNewClient, toClient, toMetadata } from './client.ts';
import type { Client, ClientRow, NewClient } from './client.ts';
import { storable } from './user.ts';
import * as events from './events.ts';

/** Client in whose name `npm run token` gets tokens; it has no secret and signs nobody in. */
export const localClientId = 'orchestrall-local';

/** Programs that get tokens. Each change is audited and emitted with its commit. */
export interface Clients {
  /** Throws `CLIENT_INVALID`, `CLIENT_EXISTS`. The secret is shown this once; public clients have none. */
  create(client: NewClient): Promise<{ readonly client: Client; readonly secret?: string }>;
  /** Throws `CLIENT_NOT_FOUND`. */
  get(clientId: string): Promise<Client>;
  /** By id; `limit` 1 to 200, default 50. */
  list(page?: {
    readonly cursor?: string | undefined;
    readonly limit?: number;
  }): Promise<{ readonly items: Client[]; readonly next_cursor: string | null }>;
  /** The former secret ends at once and so do the client's tokens. Throws `CLIENT_NOT_FOUND`, `CLIENT_BUILT_IN`. */
  rotateSecret(clientId: string): Promise<{ readonly client: Client; readonly secret: string }>;
  /** Ends all its tokens. Throws `CLIENT_NOT_FOUND`, `CLIENT_BUILT_IN`. */
  disable(clientId: string): Promise<Client>;
  /** Throws `CLIENT_NOT_FOUND`, `CLIENT_BUILT_IN`. */
  enable(clientId: string): Promise<Client>;
  /** Creates what the appliance itself needs; returns the `sub` of the local client. */
  ensureBuiltIn(): Promise<string>;
}

/** How a secret is stored: it holds 256 random bits, so a plain hash is as good as a slow one. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** The enabled client's metadata for oidc-provider. */
export async function findClientMetadata(
  database: Database,
  clientId: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const [row] = await database.query<ClientRow>(
    'select * from auth_clients where client_id = $1 and disabled_at is null and not built_in',
    [storable(clientId)],
  );
  return row === undefined ? undefined : toMetadata(row);
}

/** Creates the service. */
export function createClients(options: {
  readonly database: Database;
  readonly artifacts: Artifacts;
}): Clients {
  const { database, artifacts } = options;

  const change = (
    clientId: string,
    event: EventDefinition<string, typeof events.clientCreated.data>,
    work: (tx: Transaction) => Promise<ClientRow | undefined>,
  ): Promise<Client> =>
    database.transaction(async (tx) => {
      const [before] = await tx.query<ClientRow>(
        'select * from auth_clients where client_id = $1 for update',
        [storable(clientId)],
      );
      if (before === undefined) throw authError('CLIENT_NOT_FOUND', { client: clientId });
      if (before.built_in) throw authError('CLIENT_BUILT_IN', { client: clientId });
      const after = await work(tx);
      if (after === undefined) return toClient(before);
      record(tx, event, toClient(after), toClient(before));
      return toClient(after);
    });

  return {
    async create(client) {
      checkNewClient(client);
      const isPublic = client.public ?? false;
      const secret = isPublic ? undefined : randomBytes(32).toString('base64url');
      const created = await database.transaction(async (tx) => {
        const [row] = await tx.query<ClientRow>(
          `insert into auth_clients
             (id, client_id, name, public, secret_hash, redirect_uris, post_logout_redirect_uris, roles)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (client_id) do nothing returning *`,
          [
            createId(),
            client.client_id,
            client.name ?? client.client_id,
            isPublic,
            secret === undefined ? null : hashSecret(secret),
            client.redirect_uris ?? [],
            client.post_logout_redirect_uris ?? [],
            client.roles ?? [],
          ],
        );
        if (row === undefined) throw authError('CLIENT_EXISTS', { client: client.client_id });
        record(tx, events.clientCreated, toClient(row), undefined);
        return toClient(row);
      });
      return secret === undefined ? { client: created } : { client: created, secret };
    },
    async get(clientId) {
      const [row] = await database.query<ClientRow>('select * from auth_clients where client_id = $1', [
        storable(clientId),
      ]);
      if (row === undefined) throw authError('CLIENT_NOT_FOUND', { client: clientId });
      return toClient(row);
    },
    async list(page = {}) {
      const limit = Math.min(200, Math.max(1, page.limit ?? 50));
      const rows = await database.query<ClientRow>(
        'select * from auth_clients where client_id > $1 order by client_id limit $2',
        [storable(page.cursor ?? ''), limit + 1],
      );
      const items = rows.slice(0, limit).map(toClient);
      return { items, next_cursor: rows.length > limit ? (items.at(-1)?.client_id ?? null) : null };
    },
    async rotateSecret(clientId) {
      const secret = randomBytes(32).toString('base64url');
      const client = await change(clientId, events.clientSecretRotated, async (tx) => {
        const [row] = await tx.query<ClientRow>(
          `update auth_clients set secret_hash = $2, updated_at = now() where client_id = $1 and not public returning *`,
          [clientId, hashSecret(secret)],
        );
        if (row === undefined) {
          throw authError('CLIENT_INVALID', {
            faults: [{ path: '/public', message: 'a public client has no secret' }],
          });
        }
        await artifacts.revoke(tx, { clientId });
        return row;
      });
      return { client, secret };
    },
    disable: (clientId) =>
      change(clientId, events.clientDisabled, async (tx) => {
        const [row] = await tx.query<ClientRow>(
          `update auth_clients set disabled_at = now(), updated_at = now()
           where client_id = $1 and disabled_at is null returning *`,
          [storable(clientId)],
        );
        if (row !== undefined) await artifacts.revoke(tx, { clientId });
        return row;
      }),
    enable: (clientId) =>
      change(clientId, events.clientEnabled, async (tx) => {
        const [row] = await tx.query<ClientRow>(
          `update auth_clients set disabled_at = null, updated_at = now()
           where client_id = $1 and disabled_at is not null returning *`,
          [storable(clientId)],
        );
        return row;
      }),
    async ensureBuiltIn() {
      const [row] = await database.query<{ id: string }>(
        `insert into auth_clients
           (id, client_id, name, public, built_in, redirect_uris, post_logout_redirect_uris, roles)
         values ($1, $2, 'Local administration', false, true, '{}', '{}', '{}')
         on conflict (client_id) do update set built_in = true returning id`,
        [createId(), localClientId],
      );
      if (row === undefined) throw new Error('the local client could not be stored');
      return row.id;
    },
  };
}

function record(
  tx: Transaction,
  event: EventDefinition<string, typeof events.clientCreated.data>,
  after: Client,
  before: Client | undefined,
): void {
  const { client_id, roles, disabled } = after;
  tx.emit(event, { client_id, roles, disabled }, { subject: client_id, visibleTo: ['admin'] });
  const entry = { action: event.type, subjectType: 'client', subjectId: client_id, after };
  tx.audit(before === undefined ? entry : { ...entry, before });
}

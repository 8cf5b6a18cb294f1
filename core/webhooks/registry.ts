import { createId, isAppError, isId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import type { Seal } from '../database/seal.ts';
import { coreError } from '../errors.ts';
import { ensureSending } from './delivery/sending-job.ts';
import { checkWebhook } from './endpoints/checks.ts';
import { pauseWebhook } from './endpoints/pausing.ts';
import { createSecret, openSecret, sealHeaders, sealSecret } from './endpoints/secrets.ts';
import { audited, toWebhook, webhookColumns } from './endpoints/webhook.ts';
import type { NewWebhook, Webhook, WebhookChange, WebhookRow } from './endpoints/webhook.ts';
import { maxWebhooks, patienceHours } from './limits.ts';
import { sendTest } from './send-test.ts';
import type { TestServices } from './send-test.ts';

/** Webhooks as an administrator handles them; each change writes an audit entry. */
export interface WebhookRegistry {
  /** All of them, oldest first: there are at most `maxWebhooks`. */
  list(): Promise<readonly Webhook[]>;
  /** Throws `WEBHOOK_NOT_FOUND`. */
  get(id: string): Promise<Webhook>;
  /**
   * The secret is given this once. Events from now on are sent. Throws `VALIDATION_FAILED`, `WEBHOOK_LIMIT`, and what
   * says that the client's YAML does not allow the address: `WEBHOOK_HOST_NOT_ALLOWED`, `WEBHOOK_SCHEME_NOT_ALLOWED`,
   * `WEBHOOK_ADDRESS_REFUSED`.
   */
  create(given: NewWebhook): Promise<{ readonly webhook: Webhook; readonly secret: string }>;
  /** Throws as `create` does, and `WEBHOOK_NOT_FOUND`. */
  update(id: string, change: WebhookChange): Promise<Webhook>;
  /** Ends it with its log. Throws `WEBHOOK_NOT_FOUND`. */
  remove(id: string): Promise<void>;
  /** Events wait in the history meanwhile. Throws `WEBHOOK_NOT_FOUND`. */
  pause(id: string): Promise<Webhook>;
  /**
   * Goes on where it was paused; with `skipMissed` it begins with what comes now, and what waited counts as failed.
   * Throws `WEBHOOK_NOT_FOUND`.
   */
  resume(id: string, skipMissed: boolean): Promise<Webhook>;
  /** Messages are signed with the former secret as well for `graceSeconds` more. Throws `WEBHOOK_NOT_FOUND`. */
  rotateSecret(
    id: string,
    graceSeconds: number,
  ): Promise<{ readonly webhook: Webhook; readonly secret: string }>;
  /** Sends `webhook.tested` at once and once, paused or not; gives the id of its delivery. Throws `WEBHOOK_NOT_FOUND`. */
  test(id: string): Promise<string>;
}

type Locked = WebhookRow & { readonly sealed_secret: Uint8Array };

/** Builds the registry on a database whose role is the core's. */
export function createRegistry(options: TestServices): WebhookRegistry {
  const { database, seal } = options;

  /** Runs a change of one webhook, whose row it locks, and audits what came of it. */
  const change = (
    id: string,
    action: string,
    work: (tx: Transaction, before: Locked) => Promise<void>,
  ): Promise<Webhook> =>
    database.transaction(async (tx) => {
      const before = await locked(tx, id);
      await work(tx, before);
      const [after] = await tx.query<WebhookRow>(
        `select ${webhookColumns} from core.webhooks where id = $1`,
        [before.id],
      );
      if (after === undefined) throw notFound(id);
      const sides = { before: audited(toWebhook(before)), after: audited(toWebhook(after)) };
      tx.audit({ action, subjectType: 'webhook', subjectId: before.id, ...sides });
      return toWebhook(after);
    });

  return {
    async list() {
      const rows = await database.query<WebhookRow>(
        `select ${webhookColumns} from core.webhooks order by id`,
      );
      return rows.map(toWebhook);
    },
    async get(id) {
      const [row] = await database.query<WebhookRow>(
        `select ${webhookColumns} from core.webhooks where id = $1`,
        [idOf(id)],
      );
      if (row === undefined) throw notFound(id);
      return toWebhook(row);
    },
    async create(given) {
      checkWebhook(given, options.policy());
      const id = createId();
      const secret = createSecret();
      const webhook = await database.transaction(async (tx) => {
        // So that two at once cannot both be the last one.
        await tx.query('lock table core.webhooks in share row exclusive mode');
        const [count] = await tx.query<{ count: number }>('select count(*) as count from core.webhooks');
        if ((count?.count ?? 0) >= maxWebhooks) throw coreError('WEBHOOK_LIMIT', { limit: maxWebhooks });
        const [row] = await tx.query<WebhookRow>(
          `insert into core.webhooks (id, url, description, patterns, header_names, sealed_headers, sealed_secret,
             cursor_position)
           select $1, $2, $3, $4, $5, $6, $7, head from core.relay returning ${webhookColumns}`,
          [
            id,
            new URL(given.url).href,
            given.description ?? '',
            given.patterns,
            Object.keys(given.headers ?? {}),
            sealHeaders(seal, id, given.headers ?? {}),
            sealSecret(seal, id, secret),
          ],
        );
        if (row === undefined) throw new TypeError('core.relay holds no row: its migration has not run');
        const made = toWebhook(row);
        const after = audited(made);
        tx.audit({ action: 'webhook.created', subjectType: 'webhook', subjectId: id, after });
        return made;
      });
      return { webhook, secret };
    },
    async update(id, given) {
      checkWebhook(given, options.policy());
      const { url, description, patterns, headers } = given;
      return change(id, 'webhook.updated', async (tx, before) => {
        await tx.query(
          `update core.webhooks set url = coalesce($2, url), description = coalesce($3, description),
             patterns = coalesce($4, patterns), header_names = coalesce($5, header_names),
             sealed_headers = case when $5::text[] is null then sealed_headers else $6 end, updated_at = now()
           where id = $1`,
          [
            before.id,
            url === undefined ? null : new URL(url).href,
            description ?? null,
            patterns ?? null,
            headers === undefined ? null : Object.keys(headers),
            headers === undefined ? null : sealHeaders(seal, before.id, headers),
          ],
        );
      });
    },
    async remove(id) {
      await database.transaction(async (tx) => {
        const before = await locked(tx, id);
        await tx.query('delete from core.webhooks where id = $1', [before.id]);
        tx.audit({
          action: 'webhook.deleted',
          subjectType: 'webhook',
          subjectId: before.id,
          before: audited(toWebhook(before)),
        });
      });
    },
    async pause(id) {
      return database.transaction(async (tx) => {
        const before = await locked(tx, id);
        await pauseWebhook(tx, before.id, 'requested');
        return toWebhook(await locked(tx, id));
      });
    },
    resume: (id, skipMissed) =>
      change(id, 'webhook.resumed', async (tx, before) => {
        if (before.status === 'active') return;
        if (skipMissed) await skip(tx, before.id);
        await tx.query(
          `update core.webhooks set status = 'active', pause_reason = null, paused_at = null, failures = 0,
             failing_since = null, rest_until = null, updated_at = now() where id = $1`,
          [before.id],
        );
        const waiting = await tx.query(
          `update core.webhook_deliveries set tries = 0, next_at = now(), expires_at = now() + $2 * interval '1 hour'
           where webhook_id = $1 and status = 'pending' returning id`,
          [before.id, patienceHours],
        );
        if (waiting.length > 0) await ensureSending(tx, [before.id]);
      }),
    async rotateSecret(id, graceSeconds) {
      const secret = createSecret();
      const webhook = await change(id, 'webhook.secret_rotated', async (tx, before) => {
        const former = graceSeconds > 0 && canBeOpened(seal, before) ? before.sealed_secret : null;
        await tx.query(
          `update core.webhooks set sealed_secret = $2, former_secret = $3,
             former_until = case when $3::bytea is not null then now() + $4 * interval '1 second' end,
             updated_at = now() where id = $1`,
          [before.id, sealSecret(seal, before.id, secret), former, graceSeconds],
        );
      });
      return { webhook, secret };
    },
    test: async (id) => sendTest(options, idOf(id)),
  };
}

async function locked(tx: Transaction, id: string): Promise<Locked> {
  const [row] = await tx.query<Locked>(
    `select ${webhookColumns}, sealed_secret from core.webhooks where id = $1 for update`,
    [idOf(id)],
  );
  if (row === undefined) throw notFound(id);
  return row;
}

/** What waits is given up, and what has happened meanwhile is passed over. */
async function skip(tx: Transaction, id: string): Promise<void> {
  await tx.query(
    `update core.webhook_deliveries set status = 'failed', next_at = null, ended_at = now()
     where webhook_id = $1 and status = 'pending'`,
    [id],
  );
  await tx.query(
    'update core.webhooks w set cursor_position = r.head, waiting = 0 from core.relay r where w.id = $1',
    [id],
  );
}

function canBeOpened(seal: Seal, { id, sealed_secret }: Locked): boolean {
  try {
    openSecret(seal, id, sealed_secret);
    return true;
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}

/** An id as PostgreSQL takes it. Throws `WEBHOOK_NOT_FOUND` for a text that is none. */
function idOf(id: string): string {
  if (!isId(id)) throw notFound(id);
  return id.toLowerCase();
}

function notFound(id: string): Error {
  return coreError('WEBHOOK_NOT_FOUND', { id });
}

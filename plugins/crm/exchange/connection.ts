import type { Transaction } from '@orchestrall/sdk';
import type { Queryable } from '@orchestrall/sdk/resources';
import { crmError } from '../errors.ts';

/** The outside system that records are exchanged with. */
export interface Address {
  readonly provider: string;
  readonly address: string;
}

/** What is known of it. */
export interface Connection extends Address {
  readonly connected_at: Date;
  /** Until when it is left alone; null when it need not be. */
  readonly wait_until: Date | null;
  /** How many outages there were since it last answered. */
  readonly outages: number;
  /** Whether that is still to come. */
  readonly waits: boolean;
}

const columns =
  'provider, address, connected_at, wait_until, outages, coalesce(wait_until > clock_timestamp(), false) as waits';

/** The outside system that records were last exchanged with; undefined when there was none. */
export async function findConnection(database: Queryable): Promise<Connection | undefined> {
  return (await database.query<Connection>(`select ${columns} from sync_connection`))[0];
}

/**
 * The connection, held until the transaction ends; made where there is none. Throws `SYNC_ORGANISATION_CHANGED` when
 * records were exchanged with another system.
 */
export async function holdConnection(tx: Transaction, { provider, address }: Address): Promise<Connection> {
  await tx.query('insert into sync_connection (provider, address) values ($1, $2) on conflict do nothing', [
    provider,
    address,
  ]);
  const [found] = await tx.query<Connection>(`select ${columns} from sync_connection for update`);
  if (found === undefined) throw new TypeError('a written connection was not returned');
  if (found.provider === provider && found.address === address) return found;
  throw crmError('SYNC_ORGANISATION_CHANGED', { found: found.address, address });
}

/** Notes an outage and until when it is waited out, or with null that the system answers. */
export async function noteOutage(tx: Transaction, waitUntil: Date | null): Promise<void> {
  const statement = `update sync_connection set wait_until = $1,
    outages = case when $1::timestamptz is null then 0 else outages + 1 end`;
  await tx.query(statement, [waitUntil]);
}

/** Forgets with whom records were exchanged and which belongs to which; the records and the mapping stay. */
export async function forgetConnection(tx: Transaction): Promise<void> {
  for (const table of [
    'sync_connection',
    'sync_cursors',
    'sync_links',
    'sync_rejections',
    'sync_conflicts',
    'sync_missing',
    'sync_changes',
    'sync_deletions',
  ])
    await tx.query(`delete from ${table}`);
}

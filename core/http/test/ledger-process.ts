import { startReplica } from '../../host/test/replica.ts';
import type { Replica } from '../../host/test/replica.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { fixtures, ledgerClient } from './keyed-requests.ts';

/** A replica with the ledger in a process of its own, which may be killed. */
export type LedgerProcess = Replica;

/** Starts a replica beside the first one, on the same database and with its appliance key. */
export async function startLedgerProcess(
  database: Pick<TestDatabase, 'connection'>,
  first: Pick<TestAppliance, 'dataFolder'>,
): Promise<LedgerProcess> {
  return startReplica(database, first, { repository: fixtures, configuration: ledgerClient });
}

import type { Database, Directory, Jobs, Log } from '@orchestrall/sdk';
import type { SyncProvider } from '../sync/proposal.ts';
import type { Address } from './connection.ts';
import type { SyncConfig } from './config.ts';
import type { TargetScope } from './target/target-kinds.ts';

/** What an exchange runs on. */
export interface ExchangeOptions {
  readonly database: Database;
  readonly jobs: Pick<Jobs, 'cancel'>;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly directory: Pick<Directory, 'teamsOf'>;
  readonly scope: TargetScope;
  readonly config: SyncConfig;
  readonly outside: Outside;
  readonly now: () => Date;
}

/** An outside system as it is configured. */
export interface Outside extends Address {
  /** A provider whose requests end with the signal. */
  open(signal: AbortSignal): SyncProvider;
}

import type { AuditEntry } from '@orchestrall/sdk';
import { effectPort } from '../database/effects.ts';
import type { AuditPort } from '../database/effects.ts';
import type { DatabaseEngine } from '../database/engine.ts';
import type { Owner } from '../telemetry/owner.ts';
import { auditStatement, newAuditEntry } from './entry.ts';
import type { NewAuditEntry } from './entry.ts';
import { listAuditEntries } from './query.ts';
import type { AuditFilter } from './query.ts';

/** Audit entries of all plugins and of the core. */
export interface AuditRoom {
  /** Stores what a transaction audits, in that transaction; given to `database.connectEffects`. */
  readonly port: AuditPort;
  /** Entries outside a transaction of one's own. */
  forPlugin(owner: Owner): { record(entry: AuditEntry): Promise<void> };
  /** An entry of the core itself, such as a change of a flag. Throws `AUDIT_INVALID`. */
  record(entry: AuditEntry): Promise<void>;
  /** Entries newest first, of every plugin. */
  list(filter?: AuditFilter): ReturnType<typeof listAuditEntries>;
}

/** Builds the room; plugins reach the entries only through it, since their roles have no right on the table. */
export function createAudit({ database }: { readonly database: Pick<DatabaseEngine, 'core'> }): AuditRoom {
  const record = async (plugin: string, entry: AuditEntry): Promise<void> => {
    const { sql, parameters } = auditStatement([newAuditEntry(plugin, entry)]);
    await database.core().query(sql, parameters);
  };
  return {
    port: effectPort({
      prepare: (scope, entry: AuditEntry) => ({
        effect: newAuditEntry(scope.owner, entry),
        result: undefined,
      }),
      statements: (entries: readonly NewAuditEntry[]) => [auditStatement(entries)],
    }),
    forPlugin: ({ plugin }) => ({ record: (entry) => record(plugin, entry) }),
    record: (entry) => record('core', entry),
    list: (filter) => listAuditEntries(database.core(), filter),
  };
}

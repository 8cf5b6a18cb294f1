import type { HistorySubject, Statement } from '@orchestrall/sdk';

/** SQL that erases the content of a plugin's entries about these subjects and keeps its digests; run as the core. */
export function eraseEntriesStatement(plugin: string, subjects: readonly HistorySubject[]): Statement {
  return {
    sql: 'select core.erase_audit_entries($1, $2::text[], $3::text[])',
    parameters: [plugin, subjects.map(({ type }) => type), subjects.map(({ id }) => id)],
  };
}

/** SQL that erases the content of single entries of a plugin likewise. */
export function eraseEntryItemsStatement(plugin: string, ids: readonly string[]): Statement {
  return { sql: 'select core.erase_audit_items($1, $2::uuid[])', parameters: [plugin, ids] };
}

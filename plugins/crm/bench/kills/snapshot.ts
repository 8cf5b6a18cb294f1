import type { DataFolderDatabase } from '@orchestrall/core/testing';

/** What an import has left, without ids and instants, which no two imports have in common; a line for each item. */
export type Snapshot = readonly string[];

/** Reads it all: the records, the rows that were refused, the counts, and what is told of each record how often. */
export async function readSnapshot(database: DataFolderDatabase): Promise<Snapshot> {
  const parts: string[][] = [];
  for (const [what, statement] of Object.entries(statements)) {
    const rows = await database.query<{ line: unknown }>(statement);
    parts.push(rows.map(({ line }) => `${what}: ${JSON.stringify(line)}`));
  }
  return parts.flat();
}

/** The lines that only one of two snapshots has, up to ten. */
export function differencesBetween(expected: Snapshot, found: Snapshot): string[] {
  const [left, right] = [new Map<string, number>(), new Map<string, number>()];
  for (const line of expected) left.set(line, (left.get(line) ?? 0) + 1);
  for (const line of found) right.set(line, (right.get(line) ?? 0) + 1);
  return [...new Set([...expected, ...found])]
    .filter((line) => left.get(line) !== right.get(line))
    .map((line) => `${line} is there ${right.get(line) ?? 0} times in place of ${left.get(line) ?? 0}`)
    .slice(0, 10);
}

const told = (table: string, of: string) => `select jsonb_build_array(email, count(told.id)) as line
  from plugin_crm.contacts left join ${table} as told on ${of} group by email order by email`;

const statements = {
  contact: `select to_jsonb(contacts) - '{id,created_at,updated_at}'::text[] as line
    from plugin_crm.contacts order by email`,
  refused: `select jsonb_build_array(line, reason, cells) as line from plugin_crm.import_errors order by line`,
  import: `select jsonb_build_array(status, reason, header, bytes_done, rows_total, rows_created, rows_updated,
    rows_failed) as line from plugin_crm.imports`,
  'left of the file': `select jsonb_build_array(count(*)) as line from plugin_crm.import_chunks`,
  'creation in events': told(
    'core.events',
    `told.subject = contacts.id::text and told.type = 'contact.created'`,
  ),
  'creation in the audit trail': told(
    'core.audit_entries',
    `told.subject_id = contacts.id::text and told.action = 'contact.created'`,
  ),
  'entries of the timeline': told('plugin_crm.timeline_entries', 'told.subject_id = contacts.id'),
  'events in all': `select jsonb_build_array(type, count(*)) as line from core.events
    where type like 'contact.%' or type in ('import.completed', 'import.failed') group by type order by type`,
} as const;

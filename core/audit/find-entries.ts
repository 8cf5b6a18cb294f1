import type { HistoryItem } from '@orchestrall/sdk';
import type { CoreStatements } from '../database/transaction.ts';

/** Entries that one statement looks through, so that none runs long. */
const rowsAtATime = 20_000;

interface FoundRow {
  readonly reached: string | null;
  readonly id: string | null;
  readonly action: string;
  readonly subject_id: string;
  readonly at: Date;
  readonly before: unknown;
  readonly after: unknown;
}

/** A plugin's entries about subjects, and those whose content fits a regular expression without regard to case. */
export async function* findEntries(
  sql: Pick<CoreStatements, 'query'>,
  plugin: string,
  { subjects, pattern }: { readonly subjects: readonly string[]; readonly pattern: string | undefined },
): AsyncGenerator<HistoryItem> {
  const statement = `with page as materialized (
      select id, action, subject_id, at, before, after from core.audit_entries
      where plugin = $1 and ($2::uuid is null or id > $2) order by id limit $3
    )
    select (select id from page order by id desc limit 1) as reached, found.*
    from (select 1) as one left join (
      select * from page where (before is not null or after is not null)
        and (subject_id = any ($4::text[]) or before::text ~* $5 or after::text ~* $5)
    ) as found on true order by found.id`;
  for (let after: string | null = null; ;) {
    const rows: FoundRow[] = await sql.query<FoundRow>(statement, [
      plugin,
      after,
      rowsAtATime,
      subjects,
      pattern ?? null,
    ]);
    for (const row of rows) if (row.id !== null) yield itemOf(row, row.id);
    after = rows[0]?.reached ?? null;
    if (after === null) return;
  }
}

function itemOf({ action, subject_id, at, before, after }: FoundRow, id: string): HistoryItem {
  return {
    kind: 'audit_entry',
    id,
    name: action,
    subject: subject_id,
    at: at.toISOString(),
    content: { before, after },
  };
}

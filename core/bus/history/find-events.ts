import type { HistoryItem } from '@orchestrall/sdk';
import type { CoreStatements } from '../../database/transaction.ts';
import { erasedType } from '../erasure.ts';

/** Rows that one statement looks through, so that none runs long. */
const rowsAtATime = 20_000;

/** Where events stand, by what they are read in order, and what they are there. */
const places = [
  { table: 'core.events', key: 'position', id: 'id', kind: 'event' },
  { table: 'core.dead_letters', key: 'id', id: 'event_id', kind: 'dead_letter' },
  // Last, since an event goes from here to the history.
  { table: 'core.outbox', key: 'sequence', id: 'id', kind: 'event' },
] as const;

interface FoundRow {
  readonly reached: number | null;
  readonly id: string | null;
  readonly type: string;
  readonly subject: string | null;
  readonly at: string;
  readonly data: unknown;
}

/**
 * Events of a source about subjects, and those whose data fit a regular expression without regard to case; dead letters
 * and what is on its way to the history included. What passes from there meanwhile is looked for again.
 */
export async function* findEvents(
  sql: Pick<CoreStatements, 'query'>,
  source: string,
  { subjects, pattern }: { readonly subjects: readonly string[]; readonly pattern: string | undefined },
): AsyncGenerator<HistoryItem> {
  let head = 0;
  const read = async function* ({ table, key, id, kind }: (typeof places)[number], from: number) {
    const statement = `with page as materialized (
        select ${key} as place, ${id} as id, type, subject, core.envelope_time(time) as at, data, source from ${table}
        where ${key} > $1 order by ${key} limit $2
      )
      select (select max(place) from page) as reached, found.id, found.type, found.subject, found.at, found.data
      from (select 1) as one left join (
        select * from page where source = $3 and type <> '${erasedType}'
          and (subject = any ($4::text[]) or data::text ~* $5)
      ) as found on true order by found.place`;
    for (let after = from; ;) {
      const values = [after, rowsAtATime, source, subjects, pattern ?? null];
      const rows: FoundRow[] = await sql.query<FoundRow>(statement, values);
      for (const row of rows) if (row.id !== null) yield itemOf(row, row.id, kind);
      const reached = rows[0]?.reached;
      if (reached === null || reached === undefined) break;
      after = reached;
      if (table === 'core.events') head = after;
    }
  };
  for (const place of places) yield* read(place, 0);
  yield* read(places[0], head);
}

function itemOf(row: FoundRow, id: string, kind: HistoryItem['kind']): HistoryItem {
  const { type: name, subject, at, data: content } = row;
  return { kind, id, name, subject, at, content };
}

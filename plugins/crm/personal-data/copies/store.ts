import type { Database, Transaction } from '@orchestrall/sdk';
import type { Queryable } from '@orchestrall/sdk/resources';
import type { PersonalDataExport } from './schemas.ts';

interface CopyRow extends Omit<PersonalDataExport, 'created_at' | 'finished_at' | 'expires_at'> {
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly expires_at: Date;
}

const selected = 'id, contact_id, status, reason, requested_by, bytes, created_at, finished_at, expires_at';

/** Keeps a copy that waits for its job, for so many hours. */
export async function insertCopy(
  tx: Transaction,
  given: Pick<PersonalDataExport, 'id' | 'contact_id' | 'requested_by'>,
  hours: number,
): Promise<PersonalDataExport> {
  const [row] = await tx.query<CopyRow>(
    `insert into personal_data_exports (id, contact_id, status, requested_by, expires_at)
     values ($1, $2, 'queued', $3, clock_timestamp() + make_interval(hours => $4)) returning ${selected}`,
    [given.id, given.contact_id, given.requested_by, hours],
  );
  if (row === undefined) throw new TypeError('an inserted copy was not returned');
  return toView(row);
}

/** The copy, or undefined when there is none or its time is over. */
export async function findCopy(database: Queryable, id: string): Promise<PersonalDataExport | undefined> {
  const rows = await database.query<CopyRow>(
    `select ${selected} from personal_data_exports where id = $1 and expires_at > clock_timestamp()`,
    [id],
  );
  return rows.map(toView)[0];
}

/** Begins a copy, or begins it anew: nothing of it is there; false when it is gone. */
export async function startCopy(tx: Transaction, id: string): Promise<boolean> {
  await tx.query('delete from personal_data_pieces where export_id = $1', [id]);
  const rows = await tx.query(
    `update personal_data_exports set status = 'running', bytes = 0 where id = $1 returning id`,
    [id],
  );
  return rows.length > 0;
}

/** Adds a piece to a copy, unless it is gone. */
export async function appendPiece(tx: Transaction, id: string, place: number, data: string): Promise<void> {
  await tx.query(
    `with grown as (update personal_data_exports set bytes = bytes + octet_length($3) where id = $1 returning id)
     insert into personal_data_pieces (export_id, place, data) select id, $2, $3 from grown`,
    [id, place, data],
  );
}

/** Ends a copy: whole, or with the reason. */
export async function endCopy(tx: Transaction, id: string, reason: string | null): Promise<void> {
  await tx.query(
    `update personal_data_exports set status = case when $2::text is null then 'completed' else 'failed' end,
       reason = $2, finished_at = clock_timestamp() where id = $1`,
    [id, reason],
  );
}

/** The text of a copy, piece by piece. */
export async function* readCopy(database: Database, id: string): AsyncGenerator<string> {
  const statement = 'select data from personal_data_pieces where export_id = $1 order by place';
  for await (const { data } of database.stream<{ data: string }>(statement, [id], { batchSize: 4 }))
    yield data;
}

/** Deletes the copies whose time is over; gives how many they were. */
export async function forgetCopies(database: Queryable): Promise<number> {
  const statement = 'delete from personal_data_exports where expires_at <= clock_timestamp() returning id';
  return (await database.query(statement)).length;
}

function toView(row: CopyRow): PersonalDataExport {
  return {
    ...row,
    created_at: row.created_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
    expires_at: row.expires_at.toISOString(),
  };
}

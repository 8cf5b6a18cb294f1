import type { Database, Transaction } from '@orchestrall/sdk';
import { withoutNul } from '../records/store.ts';

/** A row that was refused. */
export interface RowError {
  /** Physical line on which the row begins. */
  readonly line: number;
  readonly reason: string;
  /** The row as it was read. */
  readonly cells: readonly string[];
}

/** Appends a piece to the file of an upload; `start` is the number of bytes before it. */
export async function appendPiece(
  database: Database,
  id: string,
  start: number,
  piece: Buffer,
): Promise<void> {
  const statement = `with touched as (
      update imports set bytes_total = $2::bigint + length($3::bytea), updated_at = clock_timestamp() where id = $1
    )
    insert into import_chunks (import_id, start, data) values ($1, $2, $3::bytea)`;
  await database.query(statement, [id, start, piece]);
}

/** The file of an import from a byte on, piece by piece; one piece is held at a time. */
export async function* readPieces(database: Database, id: string, from: number): AsyncGenerator<Buffer> {
  const statement = `select start, data from import_chunks
    where import_id = $1 and start <= $2 and start + length(data) > $2 order by start desc limit 1`;
  for (let at = from; ;) {
    const [chunk] = await database.query<{ start: number; data: Buffer }>(statement, [id, at]);
    if (chunk === undefined) return;
    yield chunk.data.subarray(at - chunk.start);
    at = chunk.start + chunk.data.length;
  }
}

/** Keeps the rows of a batch that were refused. */
export async function insertRowErrors(
  tx: Transaction,
  id: string,
  errors: readonly RowError[],
): Promise<void> {
  const statement = `insert into import_errors (import_id, line, reason, cells)
    select $1, line, reason, cells from json_to_recordset($2::json) as refused (line bigint, reason text, cells text[])`;
  await tx.query(statement, [id, JSON.stringify(errors.map(storable))]);
}

/** The refused rows of an import by line. */
export function streamRowErrors(database: Database, id: string): AsyncIterable<RowError> {
  const statement = 'select line, reason, cells from import_errors where import_id = $1 order by line';
  return database.stream<RowError>(statement, [id]);
}

function storable(error: RowError): RowError {
  return { ...error, reason: withoutNul(error.reason), cells: error.cells.map(withoutNul) };
}

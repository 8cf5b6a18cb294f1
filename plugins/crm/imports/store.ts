import type { Caller, Database, Transaction } from '@orchestrall/sdk';
import type { Queryable } from '@orchestrall/sdk/resources';
import { withoutNul } from '../records/store.ts';
import { plainFormat } from '../csv/format.ts';
import type { CsvFormat } from '../csv/format.ts';
import type { Import, ImportMapping, ImportObject } from './schemas.ts';
import type { MissingReferences } from './references.ts';

/** An import as it is kept: what callers see, and what the job needs. */
export interface StoredImport {
  readonly view: Import;
  readonly jobId: string | undefined;
  readonly key: string;
  /** Column names of the file; undefined until they were read. */
  readonly header: readonly string[] | undefined;
  /** Who started it, as it was then: what it may see and write holds for the import. */
  readonly by: Caller;
}

/** What a batch adds to the counts. */
export interface BatchCounts {
  readonly created: number;
  readonly updated: number;
  readonly failed: number;
}

interface ImportRow extends Omit<Import, 'created_at' | 'updated_at' | 'finished_at'> {
  key: string;
  job_id: string | null;
  header: string[] | null;
  actor_id: string | null;
  actor_name: string | null;
  caller: Pick<Caller, 'kind' | 'roles' | 'teams' | 'leads'> | null;
  created_at: Date;
  updated_at: Date;
  finished_at: Date | null;
}

/** What an import is set to before it is started. */
export interface ImportSettings {
  readonly key: string;
  readonly mapping: ImportMapping;
  readonly missing_references: MissingReferences;
  readonly format: CsvFormat;
}

const selected = `id, object, key, status, reason, format, source, mapping, missing_references, job_id, header,
  ignored_columns, bytes_total, bytes_done, rows_total, rows_created, rows_updated, rows_failed, actor_id, actor_name, caller, created_at, updated_at, finished_at`;

/** Makes the row that an upload belongs to; nobody sees it before `queueImport` or `endImport`. */
export async function insertUpload(
  database: Queryable,
  upload: { readonly id: string; readonly object: ImportObject; readonly by: Caller },
  settings: Omit<ImportSettings, 'format'>,
): Promise<void> {
  const statement = `insert into imports
      (id, object, key, mapping, missing_references, format, status, actor_id, actor_name, caller)
    values ($1, $2, $3, $4, $5, $6, 'uploading', $7, $8, $9)`;
  const { id, object, by } = upload;
  const { key, mapping, missing_references } = settings;
  const { kind, roles, teams, leads } = by;
  const said = [id, object, key, toJson(mapping), missing_references, toJson(plainFormat)];
  const values = [...said, by.id, by.name, toJson({ kind, roles, teams, leads })];
  await database.query(statement, values);
}

/** The import, or undefined; uploads are not imports yet. */
export async function findImport(database: Queryable, id: string): Promise<StoredImport | undefined> {
  const statement = `select ${selected} from imports where id = $1 and status <> 'uploading'`;
  const rows = await database.query<ImportRow>(statement, [id]);
  return rows.map(toStored)[0];
}

/** The import, locked until the transaction ends. */
export async function lockImport(tx: Transaction, id: string): Promise<StoredImport | undefined> {
  const statement = `select ${selected} from imports where id = $1 and status <> 'uploading' for update`;
  const rows = await tx.query<ImportRow>(statement, [id]);
  return rows.map(toStored)[0];
}

/** Imports before an id, newest first. */
export async function listImports(
  database: Queryable,
  before: string | undefined,
  limit: number,
): Promise<StoredImport[]> {
  const statement = `select ${selected} from imports
    where status <> 'uploading' and ($1::uuid is null or id < $1) order by id desc limit $2`;
  const rows = await database.query<ImportRow>(statement, [before ?? null, limit]);
  return rows.map(toStored);
}

/** Turns an upload that is complete into an import that waits to be started. */
export async function keepUpload(tx: Transaction, id: string, format: CsvFormat): Promise<void> {
  const statement = `update imports set status = 'uploaded', format = $2, updated_at = clock_timestamp() where id = $1`;
  await tx.query(statement, [id, toJson(format)]);
}

/** Sets a locked import that has not been started, so that a dry run before it says nothing any more. */
export async function resetImport(tx: Transaction, id: string, settings: ImportSettings): Promise<void> {
  const statement = `update imports set key = $2, mapping = $3, missing_references = $4, format = $5,
      status = 'uploaded', ${untouched} where id = $1`;
  const { key, mapping, missing_references, format } = settings;
  await tx.query(statement, [id, key, toJson(mapping), missing_references, toJson(format)]);
}

/** Hands a locked import to its job, as if nothing of it had been read. */
export async function queueImport(
  tx: Transaction,
  id: string,
  status: 'queued' | 'checking',
  jobId: string,
): Promise<void> {
  const statement = `update imports set status = $2, job_id = $3, ${untouched} where id = $1`;
  await tx.query(statement, [id, status, jobId]);
}

const untouched = `reason = null, source = null, header = null, ignored_columns = '{}', bytes_done = 0,
  rows_total = 0, rows_created = 0, rows_updated = 0, rows_failed = 0, updated_at = clock_timestamp()`;

/** What the header of a file says of its import. */
export interface ImportHeader {
  readonly header: readonly string[];
  readonly ignoredColumns: readonly string[];
  readonly source: string | null;
}

/** Keeps what the header says; an import that was queued runs from now on. */
export async function beginImport(tx: Transaction, id: string, read: ImportHeader): Promise<void> {
  const statement = `update imports set status = case status when 'queued' then 'running' else status end,
    header = $2, ignored_columns = $3, source = $4, updated_at = clock_timestamp() where id = $1`;
  const { header, ignoredColumns, source } = read;
  await tx.query(statement, [id, header.map(withoutNul), ignoredColumns.map(withoutNul), source]);
}

/** Ends a dry run: `checked` when it read the whole file, `uploaded` with the reason when it could not. */
export async function endTrial(
  tx: Transaction,
  id: string,
  reason: string | null,
): Promise<StoredImport | undefined> {
  const statement = `update imports set status = case when $2::text is null then 'checked' else 'uploaded' end,
      reason = $2, job_id = null, bytes_done = case when $2::text is null then bytes_total else bytes_done end,
      updated_at = clock_timestamp()
    where id = $1 returning ${selected}`;
  const rows = await tx.query<ImportRow>(statement, [id, reason]);
  return rows.map(toStored)[0];
}

/** Adds what one batch did. */
export async function countBatch(
  tx: Transaction,
  id: string,
  counts: BatchCounts,
  bytesDone: number,
): Promise<StoredImport | undefined> {
  const statement = `update imports set
      rows_total = rows_total + $2 + $3 + $4, rows_created = rows_created + $2, rows_updated = rows_updated + $3,
      rows_failed = rows_failed + $4, bytes_done = $5, updated_at = clock_timestamp()
    where id = $1 returning ${selected}`;
  const rows = await tx.query<ImportRow>(statement, [
    id,
    counts.created,
    counts.updated,
    counts.failed,
    bytesDone,
  ]);
  return rows.map(toStored)[0];
}

/** Ends an import and gives up its file. */
export async function endImport(
  tx: Transaction,
  id: string,
  status: 'completed' | 'failed' | 'cancelled',
  reason: string | null,
): Promise<StoredImport | undefined> {
  await tx.query('delete from import_chunks where import_id = $1', [id]);
  const statement = `update imports set status = $2, reason = $3,
      bytes_done = case when $2 = 'completed' then bytes_total else bytes_done end,
      updated_at = clock_timestamp(), finished_at = clock_timestamp()
    where id = $1 returning ${selected}`;
  const rows = await tx.query<ImportRow>(statement, [id, status, reason]);
  return rows.map(toStored)[0];
}

/** Takes away an upload that broke off. */
export async function deleteUpload(database: Queryable, id: string): Promise<void> {
  await database.query(`delete from imports where id = $1 and status = 'uploading'`, [id]);
}

/** Takes away the uploads that have received nothing for an hour; gives how many there were. */
export async function deleteStaleUploads(database: Database): Promise<number> {
  const rows = await database.query(`delete from imports
    where status = 'uploading' and updated_at < clock_timestamp() - interval '1 hour' returning id`);
  return rows.length;
}

/** The imports that wait for their job or are in its hands. */
export async function listUnfinished(
  database: Queryable,
): Promise<{ readonly id: string; readonly jobId: string }[]> {
  return database.query(
    `select id, job_id as "jobId" from imports where status in ('queued', 'running', 'checking')`,
  );
}

/** The imports that nobody has started for so many hours. */
export async function listForgotten(database: Queryable, hours: number): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select id from imports where status in ('uploaded', 'checked')
      and updated_at < clock_timestamp() - make_interval(hours => $1)`,
    [hours],
  );
  return rows.map(({ id }) => id);
}

/** Takes away the refused rows of a dry run, before the file is read again. */
export async function clearErrors(database: Database, id: string): Promise<void> {
  const statement = `delete from import_errors where (import_id, line) in (
      select import_id, line from import_errors where import_id = $1 limit $2
    ) returning 1`;
  for (let deleted = forgottenAtATime; deleted === forgottenAtATime;) {
    deleted = (await database.query(statement, [id, forgottenAtATime])).length;
  }
}

/** Refused rows that are deleted at a time, so that no statement runs long. */
const forgottenAtATime = 10_000;

/** Takes away the imports that ended so many days ago, with their refused rows; gives how many imports there were. */
export async function forgetImports(database: Database, days: number): Promise<number> {
  const old = `finished_at < clock_timestamp() - make_interval(days => $1)`;
  const errors = `delete from import_errors where (import_id, line) in (
      select import_id, line from import_errors join imports on imports.id = import_id where ${old} limit $2
    ) returning line`;
  for (let deleted = forgottenAtATime; deleted === forgottenAtATime;) {
    deleted = (await database.query(errors, [days, forgottenAtATime])).length;
  }
  return (await database.query(`delete from imports where ${old} returning id`, [days])).length;
}

function toJson(value: object): string {
  return JSON.stringify(value);
}

/** Whoever started an import before it was kept what they may see. */
const formerCaller = { kind: 'service', roles: ['operator'], teams: [], leads: [] } as const;

function toStored(row: ImportRow): StoredImport {
  const { job_id, header, actor_id, actor_name, caller, ...view } = row;
  return {
    view: {
      ...view,
      created_at: row.created_at.toISOString(),
      updated_at: row.updated_at.toISOString(),
      finished_at: row.finished_at?.toISOString() ?? null,
    },
    jobId: job_id ?? undefined,
    key: row.key,
    header: header ?? undefined,
    by: { ...(caller ?? formerCaller), id: actor_id ?? 'unknown', name: actor_name ?? 'unknown' },
  };
}

import { BulkJob } from './bulk-query.ts';
import { readRows, writeRows } from './csv.ts';
import type { QueryRow } from './query.ts';
import type { Transport } from './transport.ts';

/** What an ingest job does with its rows; `upsert` finds records by `externalIdField`. */
export interface Ingest {
  readonly object: string;
  readonly operation: 'insert' | 'update' | 'upsert' | 'delete';
  readonly externalIdField?: string;
}

/** Largest upload of one job, bytes: 150 MB once Salesforce has encoded it, so 100 MB as it is sent. */
export const maxUploadBytes = 100_000_000;

const pathOf = (jobId: string): string => `/jobs/ingest/${jobId}`;

/**
 * Creates a Bulk API 2.0 job that writes rows
 * (https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/create_job.htm).
 */
export async function createIngestJob(transport: Transport, ingest: Ingest): Promise<BulkJob> {
  const { object, operation, externalIdField } = ingest;
  const body = {
    object,
    operation,
    contentType: 'CSV',
    lineEnding: 'LF',
    columnDelimiter: 'COMMA',
    ...(externalIdField === undefined ? {} : { externalIdFieldName: externalIdField }),
  };
  return transport.json({ method: 'POST', path: '/jobs/ingest', body }, BulkJob);
}

/** Uploads all rows of a job, once. Throws `RangeError` beyond `maxUploadBytes`. */
export async function uploadRows(
  transport: Transport,
  jobId: string,
  names: readonly string[],
  rows: readonly QueryRow[],
): Promise<void> {
  const body = writeRows(names, rows);
  const bytes = Buffer.byteLength(body);
  if (bytes > maxUploadBytes) throw new RangeError(`${bytes} bytes are more than one ingest job takes`);
  await transport.send({ method: 'PUT', path: `${pathOf(jobId)}/batches`, body, timeoutMs: 300_000 });
}

/** Lets Salesforce begin with what was uploaded, or drops it. */
export async function closeIngestJob(
  transport: Transport,
  jobId: string,
  state: 'UploadComplete' | 'Aborted',
): Promise<BulkJob> {
  return transport.json({ method: 'PATCH', path: pathOf(jobId), body: { state } }, BulkJob);
}

/** The job as it stands. */
export async function getIngestJob(transport: Transport, jobId: string): Promise<BulkJob> {
  return transport.json({ method: 'GET', path: pathOf(jobId) }, BulkJob);
}

/** Takes a job that has ended away with its results. */
export async function deleteIngestJob(transport: Transport, jobId: string): Promise<void> {
  await transport.send({ method: 'DELETE', path: pathOf(jobId) });
}

/** Which rows of a job are asked for; `failedResults` have `sf__Error`, the first two have `sf__Id`. */
export type IngestResults = 'successfulResults' | 'failedResults' | 'unprocessedrecords';

/**
 * Rows of a job that has ended, in no promised order
 * (https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_job_successful_results.htm).
 */
export async function getIngestResults(
  transport: Transport,
  jobId: string,
  results: IngestResults,
): Promise<AsyncIterable<QueryRow>> {
  const path = `${pathOf(jobId)}/${results}`;
  return readRows(await transport.csv({ method: 'GET', path, timeoutMs: 300_000 }), `GET ${path}`);
}

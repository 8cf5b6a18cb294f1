import Type from 'typebox';
import type { Static } from 'typebox';
import { salesforceError } from '../errors.ts';
import { readRows } from './csv.ts';
import type { QueryRow } from './query.ts';
import type { Transport } from './transport.ts';

/**
 * States of query and ingest jobs
 * (https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_get_one_job.htm).
 */
export const BulkJob = Type.Object({
  id: Type.String({ pattern: '^[A-Za-z0-9]+$' }),
  object: Type.String(),
  state: Type.String(),
  errorMessage: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
export type BulkJob = Static<typeof BulkJob>;

const pathOf = (jobId: string): string => `/jobs/query/${jobId}`;

/** Creates a Bulk API 2.0 job that runs a query. */
export async function createQueryJob(transport: Transport, soql: string): Promise<BulkJob> {
  const body = {
    operation: 'query',
    query: soql,
    contentType: 'CSV',
    columnDelimiter: 'COMMA',
    lineEnding: 'LF',
  };
  return transport.json({ method: 'POST', path: '/jobs/query', body }, BulkJob);
}

/** The job as it stands. Throws `SALESFORCE_REFUSED` when it is no longer there. */
export async function getQueryJob(transport: Transport, jobId: string): Promise<BulkJob> {
  return transport.json({ method: 'GET', path: pathOf(jobId) }, BulkJob);
}

/** Stops a job. */
export async function abortQueryJob(transport: Transport, jobId: string): Promise<BulkJob> {
  return transport.json({ method: 'PATCH', path: pathOf(jobId), body: { state: 'Aborted' } }, BulkJob);
}

/** Takes a job that has ended away with its results; they would go by themselves after seven days. */
export async function deleteQueryJob(transport: Transport, jobId: string): Promise<void> {
  await transport.send({ method: 'DELETE', path: pathOf(jobId) });
}

/** One part of a result: rows to be read, and where the next part begins. */
export interface ResultPart {
  readonly rows: AsyncIterable<QueryRow>;
  /** Undefined after the last part, for which Salesforce sends the word `null`. */
  readonly nextLocator: string | undefined;
}

/**
 * A part of the result of a job that is complete
 * (https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_get_job_results.htm). A locator
 * holds as long as its job, and gives the same rows each time.
 */
export async function getQueryResults(
  transport: Transport,
  jobId: string,
  part: { readonly locator?: string | undefined; readonly maxRecords: number },
): Promise<ResultPart> {
  const path = `${pathOf(jobId)}/results`;
  const query = {
    maxRecords: String(part.maxRecords),
    ...(part.locator === undefined ? {} : { locator: part.locator }),
  };
  const response = await transport.csv({ method: 'GET', path, query, timeoutMs: 300_000 });
  const locator = response.headers.get('sforce-locator');
  return {
    rows: readRows(response, `GET ${path}`),
    nextLocator: locator === null || locator === '' || locator === 'null' ? undefined : locator,
  };
}

/** Throws `SALESFORCE_JOB_FAILED` for a job that ended without a result; whether it is complete otherwise. */
export function isComplete(job: BulkJob): boolean {
  if (job.state === 'JobComplete') return true;
  if (job.state !== 'Failed' && job.state !== 'Aborted') return false;
  const reason = (job.errorMessage ?? 'no reason was given').slice(0, 500);
  throw salesforceError('SALESFORCE_JOB_FAILED', {
    job_id: job.id,
    object: job.object,
    state: job.state,
    reason,
  });
}

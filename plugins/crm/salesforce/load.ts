import { isAppError } from '@orchestrall/sdk';
import type { AppError } from '@orchestrall/sdk';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { LoadLost } from '../provider.ts';
import type { LoadPage, LoadPlace, RemoteRecord } from '../provider.ts';
import { parseJson } from './client/body.ts';
import {
  createQueryJob,
  deleteQueryJob,
  getQueryJob,
  getQueryResults,
  isComplete,
} from './client/bulk-query.ts';
import { PartCutOff } from './client/csv.ts';
import type { Effects } from './client/exchange.ts';
import { recordOf } from './client/query.ts';
import { selectFrom } from './client/soql.ts';
import type { Transport } from './client/transport.ts';
import { salesforceError } from './errors.ts';

/** What a load works with. */
export interface Load {
  readonly transport: Transport;
  readonly effects: Pick<Effects, 'wait' | 'signal'>;
  readonly object: string;
  readonly fields: readonly string[];
}

/** Where a load is: the job, the part of its result, and how many rows of the part are in. */
const Place = Type.Object({
  job: Type.String(),
  locator: Type.Optional(Type.String()),
  // `parseJson` leaves numbers as they are written.
  rows: Type.String({ pattern: '^[0-9]{1,9}$' }),
});

/** Rows of one part of a result; the part is asked for again from its beginning after a crash. */
const rowsOfAPart = 10_000;
/** Rows that are handed over at a time. */
const rowsAtATime = 200;
const firstPollMs = 1_000;
const longestPollMs = 30_000;
/** How often a part that breaks off is asked for again before the load ends for now. */
const attemptsOfAPart = 5;

/**
 * Loads an object by a Bulk API 2.0 query job. The first page is empty and holds the job, so that a load that is
 * resumed goes on with it. Throws `LoadLost` for a job that is no longer there or ended without a result.
 */
export async function* loadObject(load: Load, place: LoadPlace | undefined): AsyncGenerator<LoadPage> {
  const { transport, object, fields } = load;
  const kept: unknown = place === undefined ? undefined : parseJson(place.state);
  const from = Check(Place, kept) ? kept : undefined;
  const jobId = from?.job ?? (await createQueryJob(transport, selectFrom(object, fields))).id;
  if (from === undefined) yield { records: [], next: placeOf(jobId, undefined, 0) };
  await completed(load, jobId);
  let locator = from?.locator;
  let rows = Number(from?.rows ?? 0);
  for (;;) {
    const next = yield* readPart(load, jobId, locator, rows);
    if (next === undefined) break;
    locator = next;
    rows = 0;
    yield { records: [], next: placeOf(jobId, locator, 0) };
  }
  yield { records: [], next: { ...placeOf(jobId, locator, rows), done: true } };
  await deleteQueryJob(transport, jobId);
}

/** Hands over a part from a row on, and asks for it again from where it broke off; gives the locator of the next. */
async function* readPart(
  { transport, object }: Load,
  jobId: string,
  locator: string | undefined,
  from: number,
): AsyncGenerator<LoadPage, string | undefined> {
  let taken = from;
  for (let attempt = 1; ; attempt += 1) {
    const part = await getQueryResults(transport, jobId, { locator, maxRecords: rowsOfAPart });
    try {
      let index = 0;
      let records: RemoteRecord[] = [];
      for await (const row of part.rows) {
        index += 1;
        if (index <= taken) continue;
        const record = recordOf(row);
        if (record === undefined) throw withoutId(object);
        records.push(record);
        if (records.length < rowsAtATime) continue;
        taken = index;
        yield { records, next: placeOf(jobId, locator, taken) };
        records = [];
      }
      if (records.length > 0) yield { records, next: placeOf(jobId, locator, index) };
      return part.nextLocator;
    } catch (error) {
      if (!(error instanceof PartCutOff) || attempt === attemptsOfAPart)
        throw brokenOff(error, object, attempt);
    }
  }
}

/** Waits until a job is complete, asking less and less often. */
async function completed({ transport, effects, object }: Load, jobId: string): Promise<void> {
  for (let pollMs = firstPollMs; ; pollMs = Math.min(longestPollMs, pollMs * 2)) {
    try {
      if (isComplete(await getQueryJob(transport, jobId))) return;
    } catch (error) {
      throw isAppError(error) ? lostOr(error, jobId, object) : error;
    }
    await effects.wait(pollMs, effects.signal);
  }
}

function lostOr(error: AppError, job_id: string, object: string): Error {
  if (error.code === 'SALESFORCE_JOB_FAILED') return new LoadLost(error);
  if (error.details['error_code'] !== 'NOT_FOUND') return error;
  const details = { job_id, object, state: 'deleted', reason: 'it is no longer there' };
  return new LoadLost(salesforceError('SALESFORCE_JOB_FAILED', details, error));
}

function placeOf(job: string, locator: string | undefined, rows: number): LoadPlace {
  const state = JSON.stringify({ job, rows: String(rows), ...(locator === undefined ? {} : { locator }) });
  return { state, done: false };
}

function withoutId(object: string): Error {
  const details = { found: 'a row without Id and SystemModstamp', expected: 'both' };
  return salesforceError('SALESFORCE_ANSWER_UNREADABLE', { request: `the load of ${object}`, ...details });
}

function brokenOff(error: unknown, object: string, attempts: number): unknown {
  if (!(error instanceof PartCutOff)) return error;
  const details = { request: `the load of ${object}`, attempts, reason: error.message };
  return salesforceError('SALESFORCE_UNAVAILABLE', details, error);
}

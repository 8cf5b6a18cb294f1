import Type from 'typebox';
import type { FieldValues, RemoteCreation, RemoteUpdate, RemoteWriteResult } from '../../provider.ts';
import { isBusy, isGone, readFault } from './answers.ts';
import { soqlName } from './soql.ts';
import type { Transport } from './transport.ts';

/** Subrequests of one composite request at most. */
const updatesAtATime = 25;
/** Records of one collection at most. */
const creationsAtATime = 200;

const CompositeAnswer = Type.Object({
  compositeResponse: Type.Array(
    Type.Object({ httpStatusCode: Type.String(), referenceId: Type.String(), body: Type.Unknown() }),
  ),
});

const SaveResults = Type.Array(
  Type.Object({
    id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    success: Type.Boolean(),
    errors: Type.Array(Type.Unknown()),
  }),
);

/**
 * Changes records unless they were changed after the instant given with each, which Salesforce compares with their
 * `LastModifiedDate` to the second (`If-Unmodified-Since` of subrequests, answered with 412:
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_rest_conditional_requests.htm,
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/requests_composite.htm).
 */
export async function updateRecords(
  transport: Transport,
  version: string,
  object: string,
  updates: readonly RemoteUpdate[],
): Promise<readonly RemoteWriteResult[]> {
  const results: RemoteWriteResult[] = [];
  for (let start = 0; start < updates.length; start += updatesAtATime) {
    const part = updates.slice(start, start + updatesAtATime);
    const compositeRequest = part.map(({ id, unmodifiedSince, fields }, index) => ({
      method: 'PATCH',
      url: `/services/data/v${version}/sobjects/${soqlName(object)}/${encodeURIComponent(id)}`,
      referenceId: `r${index}`,
      httpHeaders: { 'If-Unmodified-Since': new Date(unmodifiedSince).toUTCString() },
      body: fields,
    }));
    const body = { allOrNone: false, compositeRequest };
    const answer = await transport.json({ method: 'POST', path: '/composite', body }, CompositeAnswer);
    const byReference = new Map(answer.compositeResponse.map((each) => [each.referenceId, each]));
    for (const [index, { id }] of part.entries()) {
      const answered = byReference.get(`r${index}`);
      results.push(updateResult(id, answered?.httpStatusCode, answered?.body));
    }
  }
  return results;
}

function updateResult(id: string, status: string | undefined, body: unknown): RemoteWriteResult {
  if (status === '412') return { outcome: 'changed' };
  if (status?.startsWith('2') === true) return { outcome: 'written', id };
  return refusalOf(body, `it answered ${status ?? 'nothing'} without a reason`);
}

/**
 * Creates records by an external id, so that doing it again finds what was made before
 * (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm).
 */
export async function createRecords(
  transport: Transport,
  object: string,
  keyField: string,
  creations: readonly RemoteCreation[],
): Promise<readonly RemoteWriteResult[]> {
  const results: RemoteWriteResult[] = [];
  for (let start = 0; start < creations.length; start += creationsAtATime) {
    const part = creations.slice(start, start + creationsAtATime);
    const records = part.map(({ key, fields }) => ({
      attributes: { type: object },
      [keyField]: key,
      ...fields,
    }));
    const path = `/composite/sobjects/${soqlName(object)}/${soqlName(keyField)}`;
    const body = { allOrNone: false, records };
    const answers = await transport.json({ method: 'PATCH', path, body }, SaveResults);
    for (const index of part.keys()) results.push(saveResult(answers[index]));
  }
  return results;
}

/**
 * Changes or creates records of a collection without any condition, up to 200 a request; what stands in `Id` is
 * changed (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm).
 * For records that this appliance alone writes.
 */
export async function writeCollection(
  transport: Transport,
  object: string,
  method: 'POST' | 'PATCH',
  records: readonly FieldValues[],
): Promise<readonly RemoteWriteResult[]> {
  const results: RemoteWriteResult[] = [];
  for (let start = 0; start < records.length; start += creationsAtATime) {
    const part = records.slice(start, start + creationsAtATime);
    const typed = part.map((record) => ({ attributes: { type: object }, ...record }));
    const body = { allOrNone: false, records: typed };
    const answers = await transport.json({ method, path: '/composite/sobjects', body }, SaveResults);
    for (const index of part.keys()) results.push(saveResult(answers[index]));
  }
  return results;
}

function saveResult(
  answer:
    | { readonly id?: string | null; readonly success: boolean; readonly errors: readonly unknown[] }
    | undefined,
): RemoteWriteResult {
  if (answer?.success === true && typeof answer.id === 'string') return { outcome: 'written', id: answer.id };
  return refusalOf(answer?.errors, 'it gave no result for the record');
}

function refusalOf(body: unknown, otherwise: string): RemoteWriteResult {
  const fault = readFault(body);
  if (fault === undefined) return { outcome: 'refused', reason: otherwise };
  if (isGone(fault.code)) return { outcome: 'gone' };
  const reason = `${fault.code}: ${fault.message}`;
  return isBusy(fault.code) ? { outcome: 'busy', reason } : { outcome: 'refused', reason };
}

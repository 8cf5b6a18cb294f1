import { OrgFault } from './org.ts';
import type { Cell, StandInOrg } from './org.ts';

/** One result of a collection. */
export interface SaveResult {
  readonly id?: string;
  readonly success: boolean;
  readonly created?: boolean;
  readonly errors: readonly object[];
}

/** The errors of a collection's result. */
function failed(error: unknown): SaveResult {
  if (!(error instanceof OrgFault)) throw error;
  const { code: statusCode, message, fields } = error;
  return { success: false, errors: [{ statusCode, message, fields }] };
}

type Given = Record<string, Cell> & { readonly attributes?: { readonly type: string } };

/** Creates or changes each record of a collection by itself, as with `allOrNone: false`. */
export function saveCollection(org: StandInOrg, records: readonly Given[], isNew: boolean): SaveResult[] {
  if (records.length > 200) throw new OrgFault('EXCEEDED_MAX_SIZE_REQUEST', 'record list exceeds 200');
  return records.map((record) => {
    const { attributes, Id, id, ...fields } = record as Given & { Id?: string; id?: string };
    const object = attributes?.type ?? '';
    try {
      if (isNew) return { id: org.create(object, fields).id, success: true, errors: [] };
      const target = Id ?? id ?? '';
      org.update(object, target, fields);
      return { id: target, success: true, errors: [] };
    } catch (error) {
      return failed(error);
    }
  });
}

/** Creates or changes each record by an external id. */
export function upsertCollection(
  org: StandInOrg,
  object: string,
  key: string,
  records: readonly Given[],
): SaveResult[] {
  if (records.length > 200) throw new OrgFault('EXCEEDED_MAX_SIZE_REQUEST', 'record list exceeds 200');
  return records.map((record) => {
    const { attributes: _, ...fields } = record;
    try {
      const found = org.visible(object).find((each) => each.fields[key] === fields[key]);
      if (found === undefined) {
        return { id: org.create(object, fields).id, success: true, created: true, errors: [] };
      }
      org.update(object, found.id, fields);
      return { id: found.id, success: true, created: false, errors: [] };
    } catch (error) {
      return failed(error);
    }
  });
}

/** A subrequest of a composite request. */
export interface Subrequest {
  readonly method: string;
  readonly url: string;
  readonly referenceId: string;
  readonly httpHeaders?: Readonly<Record<string, string>>;
  readonly body?: Record<string, Cell>;
}

/** Runs subrequests `PATCH .../sobjects/<object>/<id>` one by one, with their conditions. */
export function runComposite(org: StandInOrg, subrequests: readonly Subrequest[]): object[] {
  if (subrequests.length > 25) throw new OrgFault('LIMIT_EXCEEDED', 'more than 25 subrequests');
  return subrequests.map(({ method, url, referenceId, httpHeaders = {}, body = {} }) => {
    const answer = (httpStatusCode: number, content: unknown): object => ({
      body: content,
      httpHeaders: {},
      httpStatusCode,
      referenceId,
    });
    const [, object = '', id = ''] = /\/sobjects\/(\w+)\/(\w+)$/.exec(url) ?? [];
    if (method !== 'PATCH') return answer(405, [{ errorCode: 'METHOD_NOT_ALLOWED', message: method }]);
    try {
      const record = org.find(object, id);
      const since = Date.parse(httpHeaders['If-Unmodified-Since'] ?? '');
      if (record.modifiedMs > since) {
        return answer(412, [{ errorCode: 'PRECONDITION_FAILED', message: 'modified since' }]);
      }
      org.update(object, id, body);
      return answer(204, null);
    } catch (error) {
      if (!(error instanceof OrgFault)) throw error;
      const status = ['NOT_FOUND', 'ENTITY_IS_DELETED'].includes(error.code) ? 404 : 400;
      return answer(status, [{ errorCode: error.code, message: error.message, fields: error.fields }]);
    }
  });
}

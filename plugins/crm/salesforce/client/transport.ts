import type { Static, TSchema } from 'typebox';
import type { AppError, Secret } from '@orchestrall/sdk';
import type { SalesforceConfig } from '../config.ts';
import { salesforceError } from '../errors.ts';
import { checked, readFault } from './answers.ts';
import { describeAnswer, parseJson, readText } from './body.ts';
import { asPassing, Passing, persist, sendOnce } from './exchange.ts';
import type { Effects } from './exchange.ts';
import { readUsage, UsageGuard } from './limits.ts';
import type { ApiUsage } from './limits.ts';
import { createSession } from './session.ts';

/** One request to the REST or Bulk API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Below `/services/data/vNN.0`, or whole as Salesforce gives it: `/services/data/v62.0/query/01g...`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; text is sent as CSV. */
  readonly body?: object | string;
  /** Until the whole answer is read, milliseconds; default a minute. */
  readonly timeoutMs?: number;
}

/** Requests with a session, retries and limits; every method throws the errors of `salesforce/errors.ts`. */
export interface Transport {
  /** The answer's JSON when it has the form of the schema. */
  json<Schema extends TSchema>(request: ApiRequest, schema: Schema): Promise<Static<Schema>>;
  /** Sends what is answered with nothing worth reading. */
  send(request: ApiRequest): Promise<void>;
  /** An answer in CSV whose body is still to be read; see `readPieces`. */
  csv(request: ApiRequest): Promise<Response>;
  /** The server's clock as of its last answer, or undefined before the first. */
  readonly serverTime: Date | undefined;
  /** The usage as of the last answer that told it. */
  readonly usage: ApiUsage | undefined;
}

/** How long to leave Salesforce alone once the requests of the day are used, milliseconds. */
const limitPauseMs = 900_000;

/** Makes a transport with a session of its own. Throws `SALESFORCE_KEY_INVALID`. */
export function createTransport(config: SalesforceConfig, effects: Effects): Transport {
  const session = createSession(config, effects);
  const guard = new UsageGuard(config.api_reserve_percent / 100);
  let serverTime: Date | undefined;

  const attempt = async (request: ApiRequest, token: Secret): Promise<Response> => {
    const used = guard.exceeded(effects.now().getTime());
    if (used !== undefined) throw limitReached(used);
    const response = await sendOnce(effects, {
      name: nameOf(request),
      url: urlOf(config, request),
      init: initOf(request, token),
      timeoutMs: request.timeoutMs ?? 60_000,
    });
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) serverTime = new Date(date);
    guard.note(readUsage(response.headers.get('sforce-limit-info')), effects.now().getTime());
    return response;
  };

  /** The first answer that is no refusal; a session that has ended is renewed once. */
  const exchange = async (request: ApiRequest): Promise<Response> => {
    const token = await session.token();
    let response = await attempt(request, token);
    if (response.status === 401) {
      await response.body?.cancel();
      session.invalidate(token);
      response = await attempt(request, await session.token());
    }
    if (response.ok) return response;
    const text = await textOf(response, request);
    const fault = readFault(parseJson(text));
    if (response.status === 401)
      throw salesforceError('SALESFORCE_SESSION_REFUSED', { request: nameOf(request) });
    if (fault === undefined) throw unreadable(request, response, text, 'JSON');
    if (fault.code === 'REQUEST_LIMIT_EXCEEDED') throw limitReached(guard.usage);
    const details = { status: response.status, error_code: fault.code, reason: fault.message };
    throw salesforceError('SALESFORCE_REFUSED', { request: nameOf(request), ...details });
  };

  return {
    json: async (request, schema) =>
      persist(effects, nameOf(request), async () => {
        const response = await exchange(request);
        const text = await textOf(response, request);
        const answer = checked(schema, parseJson(text));
        if (answer === undefined) throw unreadable(request, response, text, 'JSON');
        return answer;
      }),
    send: async (request) =>
      persist(effects, nameOf(request), async () => {
        const response = await exchange(request);
        await response.body?.cancel();
      }),
    csv: async (request) =>
      persist(effects, nameOf(request), async () => {
        const response = await exchange(request);
        if (/^text\/csv\b/i.test(response.headers.get('content-type') ?? '')) return response;
        throw unreadable(request, response, await textOf(response, request), 'CSV');
      }),
    get serverTime() {
      return serverTime;
    },
    get usage() {
      return guard.usage;
    },
  };
}

/** Method and path of a request, for messages. */
export function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

function urlOf(config: SalesforceConfig, { path, query }: ApiRequest): string {
  const base = path.startsWith('/services/') ? '' : `/services/data/v${config.api_version}`;
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
  return `${config.instance_url}${base}${path}${search}`;
}

function initOf({ method, body }: ApiRequest, token: Secret): RequestInit {
  const headers: Record<string, string> = {
    authorization: `Bearer ${token.reveal()}`,
    accept: 'application/json, text/csv',
  };
  if (body === undefined) return { method, headers };
  const isCsv = typeof body === 'string';
  headers['content-type'] = isCsv ? 'text/csv; charset=UTF-8' : 'application/json';
  return { method, headers, body: isCsv ? body : JSON.stringify(body) };
}

async function textOf(response: Response, request: ApiRequest): Promise<string> {
  return readText(response, nameOf(request)).catch((error: unknown) => Promise.reject(asPassing(error)));
}

/** A page of a proxy or of a maintenance often gives way to the answer, so that it is asked for again. */
function unreadable(request: ApiRequest, response: Response, text: string, expected: string): Passing {
  const found = describeAnswer(response.status, response.headers.get('content-type'), text);
  const details = { request: nameOf(request), found, expected };
  return new Passing(found, { last: salesforceError('SALESFORCE_ANSWER_UNREADABLE', details) });
}

function limitReached(usage: ApiUsage | undefined): AppError {
  const { used, limit } = usage ?? { used: 'all', limit: 'allowed' };
  return salesforceError('SALESFORCE_LIMIT_REACHED', { used, limit, retry_after_ms: limitPauseMs });
}

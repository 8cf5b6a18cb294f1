import type { AppError, Fault } from '@orchestrall/sdk';
import { STATUS_CODES } from '../../node-http.ts';
import { challengeFor } from '../../auth/challenge.ts';

/** Media type of problem details (https://www.rfc-editor.org/rfc/rfc9457). */
export const problemType = 'application/problem+json; charset=utf-8';

/** What a caller gets for every error: RFC 9457 problem details with our code, request id and remedy. */
export interface Problem {
  /** Reference of the code in the error table, relative to the appliance. */
  readonly type: string;
  /** The status in words. */
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Path of the request, without its query. */
  readonly instance: string;
  readonly code: string;
  readonly request_id: string;
  readonly remedy: string;
  /** Each faulty place of the input; only where the input is at fault. */
  readonly faults?: readonly Fault[];
  /** What else the caller needs to go on, such as the record as it is now; only where the caller is at fault. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Describes an error to the caller; its cause and stack stay inside. */
export function problemOf(error: AppError, request: { readonly url: string; readonly id: string }): Problem {
  const { faults, retryAfterSeconds: _retry, allow: _allow, headers: _headers, ...details } = error.details;
  const shown = error.status < 500 && Object.keys(details).length > 0;
  return {
    type: `/docs/errors#${error.code.toLowerCase()}`,
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    instance: pathOf(request.url),
    code: error.code,
    request_id: request.id,
    remedy: error.remedy,
    ...(faults === undefined ? {} : { faults }),
    ...(shown ? { details } : {}),
  };
}

/** The path of a URL, without query and fragment. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** Headers that a problem carries beside its type, from the error's details: `headers`, `allow`, `retryAfterSeconds`. */
export function problemHeaders(error: AppError): Record<string, string> {
  const { retryAfterSeconds, allow, headers: given } = error.details;
  const headers: Record<string, string> = {};
  if (typeof given === 'object' && given !== null) {
    for (const [name, value] of Object.entries(given)) headers[name] = String(value);
  }
  if (typeof retryAfterSeconds === 'number')
    headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterSeconds)));
  if (typeof allow === 'string') headers['allow'] = allow;
  const challenge = challengeFor(error);
  if (challenge !== undefined) headers['www-authenticate'] = challenge;
  return headers;
}

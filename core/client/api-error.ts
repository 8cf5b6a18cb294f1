import type { Problem } from './schema.d.ts';

/** A faulty place of the request. */
export type Fault = NonNullable<Problem['faults']>[number];

/** An answer that is an error, with what its problem details (https://www.rfc-editor.org/rfc/rfc9457) say. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /**
   * One of the codes of `docs/errors.md`, such as `VERSION_MISMATCH`; the `error` of an answer of OAuth; or
   * `UNEXPECTED_ANSWER` when the answer is no problem details, as from a proxy in between.
   */
  readonly code: string;
  /** Status of the answer, 400 to 599. */
  readonly status: number;
  /** What to do about it; empty when the answer does not say. */
  readonly remedy: string;
  /** Each faulty place of the request; empty when the request's form is not at fault. */
  readonly faults: readonly Fault[];
  /** What else is needed to go on, such as the record as it is now. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Under which the appliance has logged the request; undefined when the answer does not say. */
  readonly requestId: string | undefined;

  /** `body` is the parsed problem, or the text of an answer that is none. */
  constructor(request: Pick<Request, 'method' | 'url'>, answer: Response, body: unknown) {
    const problem = typeof body === 'object' && body !== null ? body : {};
    const detail =
      textOf(problem, 'detail') ?? textOf(problem, 'error_description') ?? textOf(problem, 'title');
    super(detail ?? `${request.method} ${pathOf(request.url)} was answered with ${answer.status}`);
    this.code = textOf(problem, 'code') ?? textOf(problem, 'error') ?? 'UNEXPECTED_ANSWER';
    this.status = answer.status;
    this.remedy = textOf(problem, 'remedy') ?? '';
    this.faults = 'faults' in problem && Array.isArray(problem.faults) ? problem.faults.filter(isFault) : [];
    this.details = 'details' in problem && isRecord(problem.details) ? problem.details : {};
    this.requestId = textOf(problem, 'request_id') ?? answer.headers.get('x-request-id') ?? undefined;
  }
}

/** The request has had no answer, however often it was sent; `cause` is what the last attempt failed with. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** How often the request was sent. */
  readonly attempts: number;

  constructor(request: Pick<Request, 'method' | 'url'>, attempts: number, cause: unknown) {
    super(`${request.method} ${pathOf(request.url)} had no answer`, { cause });
    this.attempts = attempts;
  }
}

/** Without the query, which may hold what is personal. */
function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function textOf(problem: object, name: string): string | undefined {
  const value: unknown = Reflect.get(problem, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFault(value: unknown): value is Fault {
  return isRecord(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

import { createFinalURL, createQuerySerializer, defaultPathSerializer, mergeHeaders } from 'openapi-fetch';
import { ApiError } from './api-error.ts';
import { idempotentOperations } from './idempotent-operations.ts';
import { isJson } from './transport/send.ts';
import type { Send } from './transport/send.ts';

/** What any request may be sent with, whatever its operation. */
export interface RequestOptions {
  readonly params?: {
    readonly path?: Record<string, unknown>;
    readonly query?: Record<string, unknown>;
    readonly header?: Record<string, string>;
  };
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Where requests go. */
export interface Destination {
  readonly baseUrl: string;
  readonly send: Send;
}

/**
 * Sends a request of any operation and gives its answer, unread. A write that the appliance does once for each key gets
 * one. Throws `ApiError` when the answer is an error, and `TypeError` when a part of the path would lead elsewhere.
 */
export async function request(
  { baseUrl, send }: Destination,
  method: string,
  path: string,
  { params = {}, body, contentType = 'application/json', headers, signal }: RequestOptions = {},
): Promise<Response> {
  for (const [name, value] of Object.entries(params.path ?? {})) checkPart(path, name, value);
  const url = createFinalURL(path, {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    params: { ...params, query: queryOf(params.query) },
    querySerializer: createQuerySerializer(),
    pathSerializer: defaultPathSerializer,
  });
  const sent = new Request(url, {
    method,
    headers: mergeHeaders(
      body === undefined ? {} : { 'content-type': contentType },
      idempotentOperations.has(`${method} ${path}`) ? { 'idempotency-key': newKey() } : {},
      headers,
      params.header,
    ),
    ...(body === undefined ? {} : bodyOf(body, contentType)),
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = await send(sent);
  if (!answer.ok) throw new ApiError(sent, answer, await contentOf(answer));
  return answer;
}

/**
 * The body of an answer: parsed JSON, other text, or undefined when there is none. That it is what the document says is
 * taken from the appliance, and is not checked again.
 */
export async function contentOf<Content>(answer: Response): Promise<Content>;
export async function contentOf(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (!isJson(answer.headers.get('content-type'))) return text === '' ? undefined : text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!answer.ok) return text;
    throw new SyntaxError(`The answer says it is JSON, and is not: ${text.slice(0, 100)}`, { cause });
  }
}

/** Objects, such as a filter, go as JSON. */
function queryOf(query: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, isObject(value) ? JSON.stringify(value) : value]),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The URL standard takes these parts out of a path, or joins what stands around them. */
function checkPart(path: string, name: string, value: unknown): void {
  if (value === '' || value === '.' || value === '..') {
    throw new TypeError(
      `${name} of ${path} is ${JSON.stringify(value)}, which is no part of a path; give its value.`,
    );
  }
}

/** Random; `randomUUID` is missing in a page that came without TLS. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bodyOf(body: unknown, contentType: string): RequestInit {
  if (isJson(contentType)) return { body: JSON.stringify(body) };
  // A stream is sent while it is read, which the platform wants said.
  if (body instanceof ReadableStream) return { body, duplex: 'half' };
  if (typeof body === 'string' || body instanceof Blob || body instanceof ArrayBuffer) return { body };
  if (body instanceof Uint8Array) return { body: new Uint8Array(body) };
  throw new TypeError(`A body of the type ${contentType} is text, bytes, a Blob or a stream.`);
}

import { request as requestHttp } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { errorMessage, messageOf } from '../../telemetry/error-message.ts';
import { withoutScope } from '../../telemetry/scope.ts';
import { maxResponseBytes, retryAfterMs, shownResponse } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Message } from './message.ts';
import type { Policy } from './policy.ts';
import { addressesOf } from './resolve.ts';
import type { Resolve } from './resolve.ts';

/** How one message is sent. */
export interface SendOptions {
  readonly policy: Policy;
  readonly resolve: Resolve;
  /** Longest time until the answer, milliseconds. */
  readonly timeoutMs: number;
  /** Aborted when whoever sends stops; the promise then rejects with its reason. */
  readonly signal: AbortSignal;
  /** Texts that a response must not show. */
  readonly secrets: readonly string[];
}

/** How long the rest of an answer may take once its status is there. */
const bodyMs = 2_000;

/**
 * Sends a message to the address that its host's name has now and that was checked, and to no other: a name that leads
 * elsewhere a moment later is not asked again. Each attempt has a connection of its own; redirects are not followed.
 */
export async function send(message: Message, options: SendOptions): Promise<Answer> {
  const begunAtMs = performance.now();
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), options.timeoutMs);
  const signal = AbortSignal.any([options.signal, timer.signal]);
  const durationMs = (): number => Math.round(performance.now() - begunAtMs);
  try {
    options.policy.checkUrl(message.url);
    const addresses = await unlessAborted(addressesOf(message.url, options.resolve), signal);
    if (addresses.length === 0) throw new Error(`${message.url.hostname} has no address`);
    for (const { address } of addresses) options.policy.checkAddress(address, message.url.host);
    const response = await withoutScope(async () => post(message, addresses, signal));
    return { ...(await answerOf(response, options)), durationMs: durationMs() };
  } catch (error) {
    options.signal.throwIfAborted();
    const reason = timer.signal.aborted ? `no answer within ${options.timeoutMs} ms` : describe(error);
    return { ...silence, error: reason, durationMs: durationMs() };
  } finally {
    clearTimeout(timeout);
  }
}

const silence = { taken: false, status: null, response: null, retryAfterMs: undefined } as const;
const maxErrorCharacters = 500;

function describe(error: unknown): string {
  // Where several addresses were tried, the reasons are inside.
  const [inner] = error instanceof AggregateError ? error.errors : [error];
  return errorMessage(messageOf(inner), maxErrorCharacters);
}

async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function post(
  { url, headers, body }: Message,
  addresses: readonly LookupAddress[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    method: 'POST',
    headers,
    signal,
    agent: false,
    lookup: answering(addresses),
  };
  const outgoing = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
  outgoing.once('response', resolve);
  outgoing.on('error', reject);
  outgoing.once('close', () => reject(new Error('the connection ended without an answer')));
  outgoing.end(body);
  return promise;
}

/** A look-up that gives the addresses that were checked, whatever the name leads to by now. */
function answering(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

async function answerOf(
  response: IncomingMessage,
  options: SendOptions,
): Promise<Omit<Answer, 'durationMs'>> {
  const status = response.statusCode ?? 0;
  const taken = status >= 200 && status <= 299;
  return {
    taken,
    status,
    error: taken ? null : refusal(status),
    retryAfterMs: taken ? undefined : retryAfterMs(response.headers['retry-after'], Date.now()),
    response: shownResponse(await beginningOf(response), options.secrets),
  };
}

function refusal(status: number): string {
  if (status >= 300 && status <= 399) return `the receiver answered ${status}; redirects are not followed`;
  return `the receiver answered ${status}`;
}

/** What arrives of a body within its bounds of size and time; the connection is cut there. */
async function beginningOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, bodyMs);
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxResponseBytes) resolve();
  });
  // What the receiver has answered counts, however its body ends.
  for (const end of ['end', 'error', 'close'] as const) response.once(end, () => resolve());
  await promise;
  clearTimeout(timer);
  response.on('error', () => undefined);
  response.destroy();
  return Buffer.concat(chunks).subarray(0, maxResponseBytes);
}

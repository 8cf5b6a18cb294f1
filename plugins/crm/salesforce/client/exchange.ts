import { isAppError } from '@orchestrall/sdk';
import type { AppError } from '@orchestrall/sdk';
import { salesforceError } from '../errors.ts';
import { longestWaitMs, pauseMs, readRetryAfter } from './retry.ts';

/** What everything that talks to Salesforce is given. */
export interface Effects {
  /** The plugin context's, which reaches allowed hosts only. */
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
  /** Gives a number in [0, 1). */
  readonly random: () => number;
  /** Resolves after so many milliseconds; rejects with the signal's reason. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
}

/** A request in one word or two, for messages: method and path, without query. */
export interface Sending {
  readonly name: string;
  readonly url: string;
  readonly init: RequestInit;
  /** Until the whole body is read, milliseconds. */
  readonly timeoutMs: number;
}

/** An attempt that failed in a way that another one may not. */
export class Passing extends Error {
  readonly retryAfterMs: number | undefined;
  /** Thrown when attempts are used up; default `SALESFORCE_UNAVAILABLE`. */
  readonly last: AppError | undefined;

  constructor(reason: string, options: { retryAfterMs?: number | undefined; last?: AppError } = {}) {
    super(reason);
    this.name = 'Passing';
    this.retryAfterMs = options.retryAfterMs;
    this.last = options.last;
  }
}

const attempts = 6;

/**
 * Runs an attempt up to six times, with pauses in between, as long as it fails in passing. Throws what else it throws,
 * `SALESFORCE_UNAVAILABLE` at the end or when Salesforce asks for a longer pause than a minute
 * (`details.retry_after_ms`), and the signal's reason.
 */
export async function persist<Result>(
  effects: Effects,
  name: string,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let failures = 1; ; failures += 1) {
    effects.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      effects.signal.throwIfAborted();
      if (!(error instanceof Passing)) throw error;
      const delayMs = pauseMs(failures, error.retryAfterMs, effects.random);
      if (failures === attempts || delayMs > longestWaitMs) throw exhausted(error, name, failures, delayMs);
      await effects.wait(delayMs, effects.signal);
    }
  }
}

function exhausted(error: Passing, request: string, failures: number, delayMs: number): AppError {
  if (error.last !== undefined) return error.last;
  const details = { request, attempts: failures, reason: error.message, retry_after_ms: delayMs };
  return salesforceError('SALESFORCE_UNAVAILABLE', details, error);
}

/** Sends a request once; an outage of the network or of the server is `Passing`. */
export async function sendOnce(effects: Effects, { url, init, timeoutMs }: Sending): Promise<Response> {
  const signal = AbortSignal.any([effects.signal, AbortSignal.timeout(timeoutMs)]);
  let response: Response;
  try {
    response = await effects.fetch(url, { ...init, signal, redirect: 'manual' });
  } catch (error) {
    throw asPassing(error);
  }
  if (response.status !== 408 && response.status !== 429 && response.status < 500) return response;
  await response.body?.cancel();
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'), effects.now().getTime());
  throw new Passing(`status ${response.status}`, { retryAfterMs });
}

/** What broke a connection, as an attempt that failed in passing; errors of ours stay what they are. */
export function asPassing(error: unknown): Error {
  if (error instanceof Passing) return error;
  if (isAppError(error)) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') return new Passing('it took too long');
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the connection broke';
  return new Passing(code);
}

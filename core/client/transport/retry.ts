import { ConnectionError } from '../api-error.ts';
import { isJson, isRepeatable } from './send.ts';
import type { Send } from './send.ts';

/** How often and how long a request is tried. */
export interface RetryOptions {
  /** Attempts after the first, 0 to 10; default 3. */
  readonly retries?: number;
  /** Longest wait for one further attempt, milliseconds; an answer that asks for more is given as it is. Default 30,000. */
  readonly maxWaitMs?: number;
}

/** Wait before the second attempt, milliseconds; doubles with each. */
const firstWaitMs = 200;

const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

/** Answers that may come with `Retry-After`: a request of the same key under way, too many requests, not ready. */
const passing = new Set([409, 429, 503]);

/**
 * Sends a request again when its connection was lost, and when the answer is 409, 429 or 503 with `Retry-After`: one
 * whose method is idempotent, or that carries an `Idempotency-Key`. What has a body that is no JSON is sent once.
 * Rejects with `ConnectionError` when no attempt was answered, and with the signal's reason once that aborts.
 */
export function retrying(send: Send, options: RetryOptions): Send {
  const { retries = 3, maxWaitMs = 30_000 } = options;
  return async (request) => {
    const isRepeated = isIdempotent(request) && isRepeatable(request);
    const attempts = isRepeated ? 1 + Math.min(10, Math.max(0, retries)) : 1;
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= attempts;
      let waitMs = Math.min(maxWaitMs, firstWaitMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
      try {
        const answer = await send(isLast ? request : request.clone());
        const askedMs = passing.has(answer.status) ? retryAfterMs(answer) : undefined;
        if (isLast || askedMs === undefined || askedMs > maxWaitMs) return await whole(answer);
        await answer.body?.cancel();
        waitMs = Math.max(askedMs, waitMs);
      } catch (error) {
        // `fetch` rejects with this error when the connection is lost, and with the signal's reason when that aborts.
        if (!(error instanceof TypeError) || request.signal.aborted) throw error;
        if (isLast) throw new ConnectionError(request, attempt, error);
      }
      await wait(waitMs, request.signal);
    }
  };
}

/** Whether doing it twice is doing it once (https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2), or a key sees to it. */
function isIdempotent({ method, headers }: Request): boolean {
  return idempotentMethods.has(method) || headers.has('idempotency-key');
}

/** A JSON answer read to its end, since its connection may be lost on the way; others as they are. */
async function whole(answer: Response): Promise<Response> {
  if (!isJson(answer.headers.get('content-type'))) return answer;
  return new Response(await answer.arrayBuffer(), answer);
}

/** Seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). */
function retryAfterMs(answer: Response): number | undefined {
  const text = answer.headers.get('retry-after');
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

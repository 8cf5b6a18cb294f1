/** Longest pause that is waited out; for a longer one the work ends and is resumed later, milliseconds. */
export const longestWaitMs = 60_000;

const firstMs = 1_000;

/**
 * Pause before the next attempt: what `Retry-After` asks for, else exponential with full jitter from one second to a
 * minute (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), milliseconds.
 *
 * @param failures attempts that have failed, 1 or more
 * @param random gives a number in [0, 1)
 */
export function pauseMs(failures: number, retryAfterMs: number | undefined, random: () => number): number {
  if (retryAfterMs !== undefined) return retryAfterMs;
  const ceiling = Math.min(longestWaitMs, firstMs * 2 ** Math.min(failures - 1, 10));
  return Math.max(1, Math.round(ceiling * random()));
}

/**
 * Milliseconds that a `Retry-After` header asks for, as seconds or as a date
 * (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3); undefined when it asks for none that can be read.
 */
export function readRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

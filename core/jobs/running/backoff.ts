/** Longest pause between two attempts, milliseconds. */
export const longestBackoffMs = 300_000;

/**
 * Pause before the next attempt: exponential with full jitter, that is a random share of
 * `firstMs * 2^(failures - 1)`, at most five minutes and at least 1 ms
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param failures attempts that have failed, 1 or more
 * @param random gives a number in [0, 1)
 */
export function backoffMs(failures: number, firstMs: number, random: () => number): number {
  const ceiling = Math.min(longestBackoffMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.max(1, Math.round(ceiling * random()));
}

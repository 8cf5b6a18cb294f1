/** Pause after the first attempt that failed, where a subscription says nothing else; milliseconds. */
export const defaultBackoffMs = 500;

const longestPauseMs = 60_000;

/** The pause after an attempt: doubled each time up to 60 s, the upper half of it random. */
export function pauseAfter(attempt: number, backoffMs: number, random: () => number = Math.random): number {
  const full = Math.min(backoffMs * 2 ** (attempt - 1), longestPauseMs);
  return full / 2 + (full / 2) * random();
}

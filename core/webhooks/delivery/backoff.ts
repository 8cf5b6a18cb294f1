const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Pauses after the attempts of one delivery, milliseconds; together just below 24 hours. After the last there is none. */
export const pausesMs: readonly number[] = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  8 * hour,
  8 * hour,
];

/** Longest time that a receiver's `Retry-After` is followed. */
const longestRetryAfterMs = hour;
/** Failures in a row from which on the whole webhook rests, and how long it does at most by itself. */
const failuresBeforeRest = 3;
const longestRestMs = 5 * minute;

/**
 * The pause before a delivery is tried again, its last tenth random; undefined when it has been tried often enough.
 *
 * @param tries attempts so far, 1 or more
 */
export function pauseBeforeRetry(
  tries: number,
  retryAfterMs: number | undefined,
  pauses: readonly number[],
  random: () => number,
): number | undefined {
  const pause = pauses[tries - 1];
  if (pause === undefined) return undefined;
  return Math.round(Math.max(pause * (0.9 + 0.1 * random()), boundedRetryAfter(retryAfterMs)));
}

/**
 * How long nothing at all is sent to a receiver that has failed so many times in a row: at first nothing, then doubled
 * from a second up to five minutes; what it asks for with `Retry-After`, up to an hour.
 */
export function restAfter(failures: number, retryAfterMs: number | undefined): number {
  const beyond = failures - failuresBeforeRest;
  const rest = beyond < 0 ? 0 : Math.min(second * 2 ** Math.min(beyond, 20), longestRestMs);
  return Math.max(rest, boundedRetryAfter(retryAfterMs));
}

function boundedRetryAfter(retryAfterMs: number | undefined): number {
  return Math.min(retryAfterMs ?? 0, longestRetryAfterMs);
}

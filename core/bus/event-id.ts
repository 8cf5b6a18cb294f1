import { getRandomValues } from 'node:crypto';

/** What an envelope takes from the clock: an id and the instant it carries. */
export interface EventStamp {
  /** UUIDv7, ascending within the process. */
  readonly id: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** Counters start below half of their range, so that a millisecond's burst cannot overflow them. */
const counterSpace = 2 ** 31;

/**
 * Makes UUIDv7 ids (RFC 9562, section 6.2, method 1): the millisecond, 42 random bits that change with it and a
 * 32-bit counter with a random start. Ids of one factory ascend, also when the clock is set back.
 * @param now milliseconds since 1970; default `Date.now`.
 */
export function createStamps(now: () => number = Date.now): () => EventStamp {
  const random = new Uint8Array(10);
  let at = -1;
  let prefix = '';
  let time = '';
  let counter = 0;

  const turn = (milliseconds: number): void => {
    at = milliseconds;
    time = new Date(milliseconds).toISOString();
    getRandomValues(random);
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0] = random;
    const digits = milliseconds.toString(16).padStart(12, '0');
    const variant = hex[0x80 | (c & 0x3f)];
    prefix = `${digits.slice(0, 8)}-${digits.slice(8)}-7${hex[a]?.[0]}${hex[b]}-${variant}${hex[d]}-${hex[e]}${hex[f]}`;
    counter = (((g & 0x7f) << 24) | (h << 16) | (i << 8) | j) % counterSpace;
  };

  return () => {
    const milliseconds = now();
    if (milliseconds > at) turn(milliseconds);
    else if (counter >= 0xffff_ffff) turn(at + 1);
    counter += 1;
    const id = `${prefix}${hex[counter >>> 24]}${hex[(counter >>> 16) & 255]}${hex[(counter >>> 8) & 255]}${hex[counter & 255]}`;
    return { id, time };
  };
}

import { randomUUID } from 'node:crypto';

let lastMs = 0;
let sequence = 0;

/**
 * A new id: UUIDv7 as text, ascending within the process even inside one millisecond, so that it serves as an
 * ordering key. The twelve bits after the version are a counter
 * (https://www.rfc-editor.org/rfc/rfc9562#section-6.2, method 1).
 */
export function createId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = 0;
  } else if (sequence < 0xfff) {
    sequence += 1;
  } else {
    lastMs += 1;
    sequence = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  const counter = sequence.toString(16).padStart(3, '0');
  // The last 17 hexadecimal digits of a version 4 id already carry the variant and 62 random bits.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${randomUUID().slice(19)}`;
}

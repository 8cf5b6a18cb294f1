import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(10 * 256);
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
let used = pool.length;

/** A UUIDv7 (https://www.rfc-editor.org/rfc/rfc9562#section-5.7) in lower case; sorts by millisecond. */
export function uuidv7(nowMs: number = Date.now()): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const time = nowMs.toString(16).padStart(12, '0');
  const at = used;
  used += 10;
  return (
    `${time.slice(0, 8)}-${time.slice(8, 12)}-${octet(((pool[at] ?? 0) & 0x0f) | 0x70)}${octet(pool[at + 1])}-` +
    `${octet(((pool[at + 2] ?? 0) & 0x3f) | 0x80)}${octet(pool[at + 3])}-${octet(pool[at + 4])}` +
    `${octet(pool[at + 5])}${octet(pool[at + 6])}${octet(pool[at + 7])}${octet(pool[at + 8])}${octet(pool[at + 9])}`
  );
}

function octet(byte: number | undefined): string {
  return hex[byte ?? 0] ?? '00';
}

import { randomUUID } from 'node:crypto';

/**
 * Form of an id as a pattern of JSON Schema: a UUID of any version. Ours are written in lower case; capitals are taken
 * as well, as the standard asks of who reads one (https://www.rfc-editor.org/rfc/rfc9562#section-4).
 */
export const idPattern = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';

const form = new RegExp(idPattern);
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

/** Whether text has the form of an id, see `idPattern`; one with capitals means the same id as in lower case. */
export function isId(text: string): boolean {
  return form.test(text);
}

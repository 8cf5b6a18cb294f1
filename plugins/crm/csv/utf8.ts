import { isUtf8 } from 'node:buffer';

/** Where a file stops being UTF-8. */
export interface Utf8Fault {
  /** Bytes before the first wrong one. */
  readonly offset: number;
  /** Physical line it is on, from 1, by line feeds. */
  readonly line: number;
}

/** Checks a file for UTF-8 piece by piece; characters may be split between pieces. */
export class Utf8Check {
  #carry: Buffer = Buffer.alloc(0);
  #offset = 0;
  #line = 1;

  /** Bytes of whole characters that were pushed so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Physical line after them, from 1, by line feeds. */
  get line(): number {
    return this.#line;
  }

  /** Where the first fault is, if it is in what was pushed so far. Nothing may be pushed after it. */
  push(piece: Buffer): Utf8Fault | undefined {
    const bytes = this.#carry.length === 0 ? piece : Buffer.concat([this.#carry, piece]);
    const whole = bytes.subarray(0, bytes.length - openBytes(bytes));
    if (!isUtf8(whole)) return this.#locate(whole);
    this.#offset += whole.length;
    this.#line += countLineFeeds(whole);
    this.#carry = Buffer.from(bytes.subarray(whole.length));
    return undefined;
  }

  /** Whether the file ended inside a character. */
  end(): Utf8Fault | undefined {
    return this.#carry.length === 0 ? undefined : { offset: this.#offset, line: this.#line };
  }

  #locate(bytes: Buffer): Utf8Fault {
    let valid = 0;
    let invalid = bytes.length;
    while (invalid - valid > 1) {
      const middle = (valid + invalid) >> 1;
      const head = bytes.subarray(0, middle);
      if (isUtf8(head.subarray(0, middle - openBytes(head)))) valid = middle;
      else invalid = middle;
    }
    const good = valid - openBytes(bytes.subarray(0, valid));
    return { offset: this.#offset + good, line: this.#line + countLineFeeds(bytes.subarray(0, good)) };
  }
}

/** How many bytes at the end may be the beginning of a character that goes on. */
function openBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}

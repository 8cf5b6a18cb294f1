import { isAscii } from 'node:buffer';
import type { Encoding } from './format.ts';

/** The characters of the bytes 0x80 to 0x9F (https://encoding.spec.whatwg.org/index-windows-1252.txt); blank where there is none. */
const windows1252 = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

/** Turns a file into UTF-8 piece by piece; characters may be split between pieces. */
export interface Transcoder {
  /** What is complete with this piece. */
  push(piece: Buffer): Buffer;
  /** Bytes of the file that this part of its UTF-8, whole characters, stands for. */
  storedLength(utf8: Buffer, start: number, end: number): number;
}

/** Makes the transcoder of an encoding. Bytes that the encoding does not have become U+FFFD. */
export function createTranscoder(encoding: Encoding): Transcoder {
  if (encoding === 'utf-8') return identity;
  return encoding === 'windows-1252' ? fromWindows1252 : utf16Transcoder(encoding);
}

const identity: Transcoder = {
  push: (piece) => piece,
  storedLength: (_utf8, start, end) => end - start,
};

const fromWindows1252: Transcoder = {
  push: (piece) => (isAscii(piece) ? piece : Buffer.from(decodeWindows1252(piece))),
  // Each byte is one character, and none needs two UTF-16 units.
  storedLength: (utf8, start, end) => utf8.toString('utf8', start, end).length,
};

function utf16Transcoder(encoding: 'utf-16le' | 'utf-16be'): Transcoder {
  const units = new Utf16Units(encoding);
  return {
    push: (piece) => Buffer.from(units.push(piece)),
    storedLength: (utf8, start, end) => utf8.toString('utf8', start, end).length * 2,
  };
}

/** Reads UTF-16 piece by piece: gives whole characters, and keeps what may go on. */
export class Utf16Units {
  readonly #bigEndian: boolean;
  #rest: Buffer = Buffer.alloc(0);

  constructor(encoding: 'utf-16le' | 'utf-16be') {
    this.#bigEndian = encoding === 'utf-16be';
  }

  /** The characters that are complete with this piece. */
  push(piece: Buffer): string {
    // A copy, since what follows may swap its bytes.
    const bytes = Buffer.concat([this.#rest, piece]);
    const even = bytes.subarray(0, bytes.length - (bytes.length % 2));
    const last = even.length === 0 ? 0 : even[even.length - (this.#bigEndian ? 2 : 1)];
    const open = last !== undefined && last >= 0xd8 && last < 0xdc ? 2 : 0;
    const whole = even.subarray(0, even.length - open);
    this.#rest = Buffer.from(bytes.subarray(whole.length));
    return (this.#bigEndian ? whole.swap16() : whole).toString('utf16le');
  }

  /** Bytes that wait for what follows: up to 3. */
  get open(): number {
    return this.#rest.length;
  }
}

function decodeWindows1252(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll(/[\u0080-\u009f]/g, (control) => {
    const character = windows1252[control.charCodeAt(0) - 0x80] ?? ' ';
    return character === ' ' ? '\ufffd' : character;
  });
}

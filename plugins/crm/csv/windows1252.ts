import { isUtf8 } from 'node:buffer';
import { CsvFault } from './format.ts';

/** How a file of Windows-1252 is checked. */
export interface Windows1252Options {
  /** Whether a line that is UTF-8 is refused: the encoding was not said, and the file may be put together of two. */
  readonly refuseUtf8: boolean;
  /** Physical line that the first byte is on, from 1; default 1. */
  readonly line?: number;
  /** Bytes before the first byte; default 0. */
  readonly offset?: number;
}

/** Longest part of a line that is held until its end comes, bytes. */
const maxHeldBytes = 1_048_576;

/** Checks a file for Windows-1252 piece by piece. */
export class Windows1252Check {
  readonly #refuseUtf8: boolean;
  #held: Buffer = Buffer.alloc(0);
  #offset: number;
  #line: number;

  constructor({ refuseUtf8, line = 1, offset = 0 }: Windows1252Options) {
    this.#refuseUtf8 = refuseUtf8;
    this.#line = line;
    this.#offset = offset;
  }

  /** Throws `CsvFault` with line and byte of what is not Windows-1252. */
  push(piece: Buffer): void {
    const bytes = Buffer.concat([this.#held, piece]);
    const lines = bytes.findLastIndex((byte) => byte === 0x0a || byte === 0x0d) + 1;
    const whole = bytes.length - lines > maxHeldBytes ? bytes.length : lines;
    this.#check(bytes.subarray(0, whole));
    this.#held = Buffer.from(bytes.subarray(whole));
  }

  /** The encoding. Throws as `push`. */
  end(): 'windows-1252' {
    this.#check(this.#held);
    return 'windows-1252';
  }

  #check(bytes: Buffer): void {
    const text = bytes.toString('latin1');
    // The bytes that Windows-1252 gives no character.
    const unknown = text.search(/[\u0081\u008d\u008f\u0090\u009d]/);
    if (unknown !== -1) this.#fail(text, unknown, 'is neither UTF-8 nor Windows-1252 here; save it as UTF-8');
    if (this.#refuseUtf8) this.#refuseUtf8Lines(bytes, text);
    this.#offset += bytes.length;
    this.#line += text.split('\n').length - 1;
  }

  #refuseUtf8Lines(bytes: Buffer, text: string): void {
    const foreign = /[\u0080-\u00ff]/g;
    for (let found = foreign.exec(text); found !== null; found = foreign.exec(text)) {
      const begin = text.lastIndexOf('\n', found.index) + 1;
      const lineEnd = text.indexOf('\n', found.index);
      const end = lineEnd === -1 ? text.length : lineEnd;
      if (isUtf8(bytes.subarray(begin, end))) {
        const reason = 'is UTF-8 here, but Windows-1252 before; save all of it as UTF-8';
        this.#fail(text, found.index, reason);
      }
      foreign.lastIndex = end;
    }
  }

  #fail(text: string, at: number, reason: string): never {
    const line = this.#line + text.slice(0, at).split('\n').length - 1;
    throw new CsvFault(line, `the file ${reason}`, this.#offset + at);
  }
}

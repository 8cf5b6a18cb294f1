import { isAscii, isUtf8 } from 'node:buffer';
import { CsvFault } from './format.ts';
import type { Encoding } from './format.ts';
import { Utf16Units } from './transcode.ts';
import { Utf8Check } from './utf8.ts';
import { Windows1252Check } from './windows1252.ts';

/** Checks that a file is all in one encoding, piece by piece. */
export interface EncodingCheck {
  /** Throws `CsvFault` with line and byte where the encoding ends. Nothing may be pushed after it. */
  push(piece: Buffer): void;
  /** The encoding. Throws `CsvFault` when the file ends inside a character. */
  end(): Encoding;
}

/** Makes the check of a known encoding. */
export function checkEncoding(encoding: Encoding): EncodingCheck {
  if (encoding === 'utf-8') return utf8Check(new Utf8Check());
  if (encoding !== 'windows-1252') return utf16Check(encoding);
  const check = new Windows1252Check({ refuseUtf8: false });
  return { push: (piece) => check.push(piece), end: () => 'windows-1252' };
}

/**
 * Makes the check of a file that is UTF-8 or Windows-1252: which of them is decided by the first line that is not
 * ASCII, however late it comes.
 */
export function detectByteEncoding(): EncodingCheck {
  const utf8 = new Utf8Check();
  let decided: EncodingCheck | undefined;
  // The line that decides, as far as it has come.
  let open: Buffer = Buffer.alloc(0);
  const decide = (atEnd: boolean): void => {
    const first = open.findIndex((byte) => byte >= 0x80);
    if (first === -1) return;
    const line = lineAround(open, first);
    if (!line.whole && !atEnd && open.length < longestUndecided) return;
    const isCut = !line.whole && new Utf8Check().push(line.bytes) === undefined;
    if (isUtf8(line.bytes) || isCut) {
      decided = utf8Check(utf8, 'is not UTF-8 here, as it is before; save all of it as UTF-8');
    } else {
      const check = new Windows1252Check({ refuseUtf8: true, line: utf8.line, offset: utf8.offset });
      decided = { push: (piece) => check.push(piece), end: () => check.end() };
    }
    decided.push(open);
    open = Buffer.alloc(0);
  };
  return {
    push(piece) {
      if (decided !== undefined) return decided.push(piece);
      if (open.length === 0 && isAscii(piece)) return void utf8.push(piece);
      open = Buffer.concat([open, piece]);
      return decide(false);
    },
    end() {
      if (decided === undefined) decide(true);
      return decided === undefined ? 'utf-8' : decided.end();
    },
  };
}

/** No line is waited for beyond this many bytes: longer rows are refused anyway. */
const longestUndecided = 1_048_576;

function lineAround(bytes: Buffer, at: number): { readonly bytes: Buffer; readonly whole: boolean } {
  const begin = bytes.subarray(0, at).findLastIndex(isLineEnd) + 1;
  const length = bytes.subarray(at).findIndex(isLineEnd);
  return length === -1
    ? { bytes: bytes.subarray(begin), whole: false }
    : { bytes: bytes.subarray(begin, at + length), whole: true };
}

function isLineEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}

function utf8Check(check: Utf8Check, message = 'is not UTF-8 here; save it as UTF-8'): EncodingCheck {
  return {
    push(piece) {
      const fault = check.push(piece);
      if (fault !== undefined) throw new CsvFault(fault.line, `the file ${message}`, fault.offset);
    },
    end() {
      const fault = check.end();
      if (fault === undefined) return 'utf-8';
      throw new CsvFault(fault.line, 'the file ends inside a character of UTF-8', fault.offset);
    },
  };
}

// Halves of surrogate pairs, and places of the first plane that hold no character: bytes of another encoding.
const notUtf16 = /\p{Cs}|(?![\u{10000}-\u{10ffff}])\p{Cn}/u;

function utf16Check(encoding: 'utf-16le' | 'utf-16be'): EncodingCheck {
  const units = new Utf16Units(encoding);
  let offset = 0;
  let line = 1;
  const fail = (before: string, what: string): never => {
    const byte = offset + before.length * 2;
    throw new CsvFault(line + before.split('\n').length - 1, `the file ${what}`, byte);
  };
  return {
    push(piece) {
      const text = units.push(piece);
      const at = text.search(notUtf16);
      if (at !== -1) fail(text.slice(0, at), 'is not UTF-16 here; save all of it in one encoding');
      offset += text.length * 2;
      for (let found = text.indexOf('\n'); found !== -1; found = text.indexOf('\n', found + 1)) line += 1;
    },
    end: () => (units.open === 0 ? encoding : fail('', 'ends inside a character of UTF-16')),
  };
}

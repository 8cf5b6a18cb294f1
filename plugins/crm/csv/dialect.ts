import { delimiterCharacters } from './format.ts';
import type { CsvFormat, Delimiter } from './format.ts';

/** What the scanner looks for, as bytes: all of it is ASCII, so that bytes of other characters are never mistaken for it. */
export interface Dialect {
  readonly name: Delimiter;
  readonly delimiter: number;
  /** -1 where quotes have no meaning. */
  readonly quote: number;
  /** Whether a backslash takes the meaning from the quote after it. */
  readonly backslash: boolean;
  /** By byte: 1 where a cell without quotes cannot go on. */
  readonly stops: Uint8Array;
  /** A quoted cell's text as it was before it was quoted. */
  unescape(text: string): string;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** What the scanner looks for in files of a format. */
export function dialectOf({ delimiter, quote }: Pick<CsvFormat, 'delimiter' | 'quote'>): Dialect {
  const character = quote === 'single' ? "'" : '"';
  const delimiterByte = delimiterCharacters[delimiter].charCodeAt(0);
  const quoteByte = quote === 'none' ? -1 : character.charCodeAt(0);
  const stops = new Uint8Array(256);
  for (const byte of [delimiterByte, lineFeed, carriageReturn, quoteByte]) if (byte >= 0) stops[byte] = 1;
  const undouble = (text: string): string =>
    text.includes(character) ? text.replaceAll(character + character, character) : text;
  return {
    name: delimiter,
    delimiter: delimiterByte,
    quote: quoteByte,
    backslash: quote === 'backslash',
    stops,
    unescape:
      quote === 'backslash' ? (text) => undouble(text.replaceAll(/\\(["\\])/g, escapedInDouble)) : undouble,
  };
}

/** A quote is doubled, so that undoubling leaves one. */
function escapedInDouble(_match: string, character: string): string {
  return character === '"' ? '""' : character;
}

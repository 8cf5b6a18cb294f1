import Type from 'typebox';
import type { Static } from 'typebox';

/** Encodings that are read. */
export const Encoding = Type.Union(
  [Type.Literal('utf-8'), Type.Literal('utf-16le'), Type.Literal('utf-16be'), Type.Literal('windows-1252')],
  { description: 'How characters stand in the file.' },
);
export type Encoding = Static<typeof Encoding>;

/** What stands between two cells. */
export const Delimiter = Type.Union(
  [Type.Literal('comma'), Type.Literal('semicolon'), Type.Literal('tab'), Type.Literal('pipe')],
  { description: 'What stands between two cells.' },
);
export type Delimiter = Static<typeof Delimiter>;

/** How cells are quoted; `backslash` is `double` with `\"` for a quote inside, `none` gives quotes no meaning. */
export const QuoteStyle = Type.Union(
  [Type.Literal('double'), Type.Literal('single'), Type.Literal('backslash'), Type.Literal('none')],
  {
    description:
      'What quotes a cell: `double` is `"` with `""` inside, `single` is `\'`, `backslash` is `"` with `\\"` inside.',
  },
);
export type QuoteStyle = Static<typeof QuoteStyle>;

/** How a file is written. */
export const CsvFormat = Type.Object({
  encoding: Encoding,
  byte_order_mark: Type.Boolean(),
  delimiter: Delimiter,
  quote: QuoteStyle,
  line_end: Type.Union([Type.Literal('lf'), Type.Literal('crlf'), Type.Literal('cr')], {
    description: 'How its first line ends; each of the three is read wherever it stands.',
  }),
});
export type CsvFormat = Static<typeof CsvFormat>;

/** What is said of a file in place of being detected. */
export interface GivenFormat {
  readonly encoding?: Encoding | undefined;
  readonly delimiter?: Delimiter | undefined;
  readonly quote?: QuoteStyle | undefined;
}

/** A file as RFC 4180 has it. */
export const plainFormat: CsvFormat = {
  encoding: 'utf-8',
  byte_order_mark: false,
  delimiter: 'comma',
  quote: 'double',
  line_end: 'lf',
};

/** The character of a delimiter. */
export const delimiterCharacters: Readonly<Record<Delimiter, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  pipe: '|',
};

/** What is wrong with a file from a line on, or with a line that cannot be read over. */
export class CsvFault extends Error {
  /** `byte`: bytes before the place, where that helps to find it. */
  constructor(line: number, reason: string, byte?: number) {
    super(`line ${line}${byte === undefined ? '' : `, byte ${byte}`}: ${reason}`);
    this.name = 'CsvFault';
  }
}

/** Longest row, bytes of the file: what a row needs of memory at most, a few times over. */
export const maxRowBytes = 1_048_576;

/** A row is longer than `maxRowBytes`. */
export class RowTooLong extends CsvFault {
  /** Physical line on which it begins. */
  readonly line: number;

  constructor(line: number) {
    super(line, `the row that begins here is longer than ${maxRowBytes} bytes; a quote may be unclosed`);
    this.name = 'RowTooLong';
    this.line = line;
  }
}

import { delimiterCharacters } from './format.ts';
import type { Delimiter } from './format.ts';
import { neutraliseFormula } from './formulas.ts';

/** About how many characters one piece of a streamed file holds. */
const pieceLength = 65_536;

/** What a cell is written from: lists are joined by `; `, instants are RFC 3339, `null` is empty. */
export type CsvCell = string | number | boolean | Date | readonly string[] | null;

/** How a file is written. */
export interface CsvWriting {
  /** Default `comma`. */
  readonly delimiter?: Delimiter | undefined;
  /** Begins with a byte order mark, by which Excel knows UTF-8; default false. */
  readonly byteOrderMark?: boolean | undefined;
}

/**
 * Streams a file (https://www.rfc-editor.org/rfc/rfc4180#section-2): the header, then a row for each item, in pieces
 * of about 64 KB. Cells are quoted where they have to be, formulas are neutralised, lines end in CRLF.
 */
export async function* csvFile<Item>(
  header: readonly string[],
  items: AsyncIterable<Item>,
  cellsOf: (item: Item) => readonly CsvCell[],
  { delimiter = 'comma', byteOrderMark = false }: CsvWriting = {},
): AsyncGenerator<string> {
  const separator = delimiterCharacters[delimiter];
  const row = (cells: readonly CsvCell[]): string =>
    `${cells.map((cell) => csvCell(cell, separator)).join(separator)}\r\n`;
  let piece = (byteOrderMark ? '\uFEFF' : '') + row(header);
  for await (const item of items) {
    piece += row(cellsOf(item));
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function csvCell(value: CsvCell, separator: string): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = neutraliseFormula(typeof value === 'string' ? value : value.join('; '));
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

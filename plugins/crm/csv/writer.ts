import { neutraliseFormula } from './formulas.ts';

/** About how many characters one piece of a streamed file holds. */
const pieceLength = 65_536;

/** What a cell is written from: lists are joined by `; `, instants are RFC 3339, `null` is empty. */
export type CsvCell = string | number | Date | readonly string[] | null;

/**
 * Streams a file (https://www.rfc-editor.org/rfc/rfc4180#section-2): the header, then a row for each item, in pieces
 * of about 64 KB. Cells are quoted where they have to be, formulas are neutralised, lines end in CRLF.
 */
export async function* csvFile<Item>(
  header: readonly string[],
  items: AsyncIterable<Item>,
  cellsOf: (item: Item) => readonly CsvCell[],
): AsyncGenerator<string> {
  let piece = csvRow(header);
  for await (const item of items) {
    piece += csvRow(cellsOf(item));
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function csvRow(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: CsvCell): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number') return String(value);
  const text = neutraliseFormula(typeof value === 'string' ? value : value.join('; '));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

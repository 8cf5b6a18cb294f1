import { neutraliseFormula } from './formulas.ts';

/** About how many characters one piece of a streamed file holds. */
const pieceLength = 65_536;

/**
 * One row of a CSV file: cells quoted where RFC 4180 asks for it, formulas neutralised, lists joined by `; `,
 * `null` empty, CRLF at the end (https://www.rfc-editor.org/rfc/rfc4180#section-2).
 */
export function csvRow(cells: readonly (string | number | readonly string[] | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** Streams a file: the header, then a row for each item, in pieces of about 64 KB. */
export async function* csvFile<Item>(
  header: readonly string[],
  items: AsyncIterable<Item>,
  cellsOf: (item: Item) => readonly (string | number | readonly string[] | null)[],
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

function csvCell(value: string | number | readonly string[] | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = neutraliseFormula(typeof value === 'string' ? value : value.join('; '));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

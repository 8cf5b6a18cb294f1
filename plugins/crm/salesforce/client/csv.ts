import { readCsv } from '../../csv/scanner.ts';
import { salesforceError } from '../errors.ts';
import { readPieces } from './body.ts';
import { asPassing, Passing } from './exchange.ts';
import type { QueryRow } from './query.ts';

/** Largest part of a result, bytes. */
const maxPartBytes = 268_435_456;

/** Told of a part that ended before all of its rows had come. */
export class PartCutOff extends Error {}

/**
 * The rows of an answer in CSV by the names of its header, as they come; an empty cell is `null`, as Salesforce writes
 * it. Throws `PartCutOff` when the connection breaks or, where the answer tells how many rows it has, some are missing,
 * and `SALESFORCE_ANSWER_UNREADABLE` for what is no such table.
 */
export async function* readRows(response: Response, request: string): AsyncGenerator<QueryRow> {
  const told = response.headers.get('sforce-numberofrecords');
  let names: readonly string[] | undefined;
  let count = 0;
  try {
    for await (const { cells, fault, line } of readCsv(readPieces(response, request, maxPartBytes))) {
      if (names === undefined) {
        names = cells;
        continue;
      }
      if (fault !== undefined || cells.length !== names.length) throw unreadable(request, line);
      count += 1;
      yield rowOf(names, cells);
    }
  } catch (error) {
    const known = asPassing(error);
    throw known instanceof Passing ? new PartCutOff(known.message, { cause: error }) : known;
  }
  if (told !== null && Number(told) > count) throw new PartCutOff(`${count} of ${told} rows came`);
}

function rowOf(names: readonly string[], cells: readonly string[]): QueryRow {
  const row: Record<string, string | null> = {};
  for (const [index, name] of names.entries())
    row[name] = cells[index] === '' ? null : (cells[index] ?? null);
  return row;
}

function unreadable(request: string, line: number): Error {
  const found = `CSV whose line ${line} has other cells than its header`;
  return salesforceError('SALESFORCE_ANSWER_UNREADABLE', { request, found, expected: 'CSV' });
}

/** A table in CSV with line feeds, as ingest jobs take it; `null` empties a field, which is written `#N/A`. */
export function writeRows(names: readonly string[], rows: readonly QueryRow[]): string {
  const lines = rows.map((row) => names.map((name) => cellOf(row[name])).join(','));
  return `${[names.map(cellOf).join(','), ...lines].join('\n')}\n`;
}

function cellOf(value: string | boolean | null | undefined): string {
  if (value === undefined) return '';
  if (value === null) return '#N/A';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

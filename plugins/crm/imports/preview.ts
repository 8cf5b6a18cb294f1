import type { FieldSet } from '@orchestrall/sdk/resources';
import { readCsv } from '../csv/scanner.ts';
import type { CsvRow } from '../csv/scanner.ts';
import type { RecordKind } from '../records/kind.ts';
import { matchColumns, targetsOf } from './columns.ts';
import { createRowReader } from './read-row.ts';
import type { RowReader } from './read-row.ts';
import type { Import, ImportPreview } from './schemas.ts';
import type { KindScope } from './scope.ts';
import { importTargets } from './targets.ts';

/** Rows that are shown. */
const shownRows = 20;

/** Part of the file that is read for them, bytes. */
const shownBytes = 1_048_576;

/** What an import would make of its file: its columns, and its first rows as they would be read. */
export async function previewImport(
  scope: KindScope,
  view: Import,
  pieces: AsyncIterable<Buffer>,
): Promise<ImportPreview> {
  const { key, mapping, format } = view;
  const { kind } = scope;
  const targets = importTargets(scope);
  const rows = await firstRows(pieces, format);
  const [header, ...body] = rows;
  const matched = matchColumns(targets, key, header?.cells ?? [], mapping);
  const faults = header === undefined ? ['line 1: the file has no header'] : [...matched.faults];
  if (header?.fault !== undefined) faults.unshift(`line ${header.line}: ${header.fault}`);
  if (header !== undefined && body.length === 0) faults.push('the file has a header and no rows');
  const readRow = createRowReader(kind.fields, matched);
  const unmapped = matched.columns.filter(({ target }) => target === null);
  return {
    format,
    source: matched.source?.name ?? null,
    key,
    columns: [...matched.columns],
    unmapped_columns: unmapped.map(({ name }) => name),
    targets: targetsOf(targets),
    rows: body.map((row) => shown(kind, key, readRow, row, matched.columns.length)),
    faults,
  };
}

async function firstRows(pieces: AsyncIterable<Buffer>, format: Import['format']): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  for await (const row of readCsv(pieces, { format })) {
    rows.push(row);
    if (rows.length > shownRows || row.end.offset > shownBytes) break;
  }
  return rows;
}

/** A row as it would be read; whether its record is there already shows only in a dry run. */
function shown(
  kind: Pick<RecordKind, 'fields'>,
  key: string,
  readRow: RowReader,
  { line, cells, fault }: CsvRow,
  columns: number,
): ImportPreview['rows'][number] {
  if (fault !== undefined) return { line, fields: {}, references: {}, faults: [fault] };
  if (cells.length !== columns) {
    const reason = `has ${cells.length} cells where the header has ${columns}`;
    return { line, fields: {}, references: {}, faults: [reason] };
  }
  const { given, references } = readRow(cells);
  const faults = key === '' || Object.hasOwn(given, key) ? [] : ['the cell of the key column is empty'];
  const fields = Object.entries(given).map(([name, value]) => {
    const read = readField(kind.fields, name, value);
    faults.push(...read.faults.map((message) => `${name} ${message}`));
    return [name, read.kept] as const;
  });
  const named = Object.entries(references).map(([name, keys]) => [name, { ...keys }] as const);
  return { line, fields: Object.fromEntries(fields), references: Object.fromEntries(named), faults };
}

function readField(fields: FieldSet, name: string, value: unknown) {
  const read = fields[name]?.read(value);
  return { kept: read?.kept, faults: read?.faults.map(({ message }) => message) ?? [] };
}

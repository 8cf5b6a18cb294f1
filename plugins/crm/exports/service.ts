import { validationFailed } from '@orchestrall/sdk';
import type { Caller } from '@orchestrall/sdk';
import type { ListRequest } from '@orchestrall/sdk/resources';
import { csvFile } from '../csv/writer.ts';
import type { CsvCell, CsvWriting } from '../csv/writer.ts';
import type { Kinds } from '../kinds.ts';
import type { Access } from '../records/access.ts';
import type { CommonFields, RecordKind, TableName } from '../records/kind.ts';
import type { RecordService } from '../records/service.ts';

/** How a list is exported. */
export interface ExportOptions extends CsvWriting {
  /** Names of the columns, separated by commas, in their order; default all that an import reads back. */
  readonly columns?: string | undefined;
}

/** Records as CSV files that an import reads back; rows come from a cursor, a few hundred held at a time. */
export interface Exports {
  /**
   * All records of a list that this caller may see, with the fields it may see. Throws `VALIDATION_FAILED` for columns
   * that there are not.
   */
  export(object: TableName, request: ListRequest, by: Caller, options?: ExportOptions): AsyncIterable<string>;
}

/** What exports are made of. */
export interface ExportsOptions {
  readonly kinds: Kinds;
  readonly access: Access;
  readonly services: Readonly<Record<TableName, Pick<RecordService<CommonFields>, 'stream'>>>;
}

/** Creates the exports. */
export function createExports({ kinds, access, services }: ExportsOptions): Exports {
  return {
    export(object, request, by, { columns: chosen, ...writing } = {}) {
      const kind: RecordKind = kinds[object];
      const { hidden } = access.viewOf(by, kind.name);
      const fields = Object.keys(kind.fields).filter(
        (name) => !hidden.has(name) && kind.fields[name]?.inFiles !== false,
      );
      const all = ['id', ...fields, 'created_at', 'updated_at'];
      const columns = chosen === undefined ? all : chosenOf(chosen, [...all, 'version']);
      const rows = services[object].stream(request, by);
      return csvFile(columns, rows, (record) => cellsOf(columns, record), writing);
    },
  };
}

function chosenOf(chosen: string, known: readonly string[]): string[] {
  const columns = chosen.split(',').map((name) => name.trim());
  const unknown = columns.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const message = `names ${JSON.stringify(unknown)}; the columns are ${known.join(', ')}`;
    throw validationFailed([{ path: '/querystring/columns', message }]);
  }
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice === undefined) return columns;
  throw validationFailed([{ path: '/querystring/columns', message: `names ${twice} twice; leave one out` }]);
}

function cellsOf(columns: readonly string[], record: object): CsvCell[] {
  const values = new Map<string, unknown>(Object.entries(record));
  return columns.map((column) => cellOf(values.get(column)));
}

function cellOf(value: unknown): CsvCell {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(value);
}

import type { Caller } from '@orchestrall/sdk';
import type { ListRequest } from '@orchestrall/sdk/resources';
import { csvFile } from '../csv/writer.ts';
import type { CsvCell } from '../csv/writer.ts';
import type { Kinds } from '../kinds.ts';
import type { CommonFields, TableName } from '../records/kind.ts';
import type { RecordService } from '../records/service.ts';

/** Records as CSV files that an import reads back; rows come from a cursor, a few hundred held at a time. */
export interface Exports {
  /** All records of a list that this caller may see, with the fields it may see. Throws `VALIDATION_FAILED`. */
  export(object: TableName, request: ListRequest, by: Caller): AsyncIterable<string>;
}

type Streamed = Pick<RecordService<CommonFields>, 'stream'>;

/** Creates the exports. */
export function createExports(kinds: Kinds, services: Readonly<Record<TableName, Streamed>>): Exports {
  return {
    export(object, request, by) {
      const columns = ['id', ...Object.keys(kinds[object].fields), 'created_at', 'updated_at'];
      return csvFile(columns, services[object].stream(request, by), (record) => {
        const values = new Map<string, unknown>(Object.entries(record));
        return columns.map((column) => cellOf(values.get(column)));
      });
    },
  };
}

function cellOf(value: unknown): CsvCell {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'number' ? value : String(value);
}

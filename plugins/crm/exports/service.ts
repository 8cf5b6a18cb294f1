import type { Database } from '@orchestrall/sdk';
import { companyKind } from '../companies/kind.ts';
import type { CompanyFilter } from '../companies/schemas.ts';
import { contactKind } from '../contacts/kind.ts';
import type { ContactFilter } from '../contacts/schemas.ts';
import { csvFile } from '../csv/writer.ts';
import type { CsvCell } from '../csv/writer.ts';
import type { RecordKind } from '../records/kind.ts';
import { recordsOf } from '../records/store.ts';
import type { RecordFilter } from '../records/store.ts';

/** Records as CSV files that an import reads back; rows come from a cursor, a few hundred held at a time. */
export interface Exports {
  contacts(filter: ContactFilter): AsyncIterable<string>;
  companies(filter: CompanyFilter): AsyncIterable<string>;
}

/** Creates the exports. */
export function createExports(database: Database): Exports {
  const exportRecords = (kind: Pick<RecordKind<object>, 'table' | 'fields'>, filter: RecordFilter) => {
    const columns = ['id', ...Object.keys(kind.fields), 'created_at', 'updated_at'];
    const rows = database.stream<Record<string, CsvCell>>(recordsOf(kind, filter));
    return csvFile(columns, rows, (row) => columns.map((column) => row[column] ?? null));
  };
  return {
    contacts: (filter) => exportRecords(contactKind, filter),
    companies: (filter) => exportRecords(companyKind, filter),
  };
}

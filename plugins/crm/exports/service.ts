import type { Database } from '@orchestrall/sdk';
import { companiesOf, toCompany } from '../companies/store.ts';
import { contactsOf, toContact } from '../contacts/store.ts';
import { csvFile } from '../csv/writer.ts';
import type { CompanyFilter } from '../companies/schemas.ts';
import type { CompanyRow } from '../companies/store.ts';
import type { ContactFilter } from '../contacts/schemas.ts';
import type { ContactRow } from '../contacts/store.ts';

/** Records as CSV files that an import reads back; rows come from a cursor, a few hundred held at a time. */
export interface Exports {
  contacts(filter: ContactFilter): AsyncIterable<string>;
  companies(filter: CompanyFilter): AsyncIterable<string>;
}

/** Creates the exports. */
export function createExports(database: Database): Exports {
  return {
    contacts(filter) {
      const header = [
        'id',
        'first_name',
        'last_name',
        'email',
        'phone',
        'company_id',
        'tags',
        'created_at',
        'updated_at',
      ];
      const rows = database.stream<ContactRow>(contactsOf(filter));
      return csvFile(header, rows, (row) => {
        const { id, first_name, last_name, email, phone, company_id, tags, created_at, updated_at } =
          toContact(row);
        return [id, first_name, last_name, email, phone, company_id, tags, created_at, updated_at];
      });
    },

    companies(filter) {
      const header = ['id', 'name', 'domain', 'phone', 'website', 'tags', 'created_at', 'updated_at'];
      const rows = database.stream<CompanyRow>(companiesOf(filter));
      return csvFile(header, rows, (row) => {
        const { id, name, domain, phone, website, tags, created_at, updated_at } = toCompany(row);
        return [id, name, domain, phone, website, tags, created_at, updated_at];
      });
    },
  };
}

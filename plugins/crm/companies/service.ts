import type { Database, Transaction } from '@orchestrall/sdk';
import { countContactsOfCompany, lockContactsOfCompany } from '../contacts/store.ts';
import { contactFieldsOf } from '../contacts/fields.ts';
import { editContacts } from '../contacts/write.ts';
import { changeRecords } from '../records/change-records.ts';
import { crmError } from '../errors.ts';
import { requireFields, requireOnly, requirePatched } from '../fields/require.ts';
import { isId } from '../fields/reader.ts';
import { readPage } from '../paging/cursor.ts';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { checkVersion } from '../records/if-match.ts';
import { recordDeletion } from '../timeline/history.ts';
import type { Actor } from '../contract.ts';
import type { Page, PageRequest } from '../paging/cursor.ts';
import type { Queryable } from '../records/sql.ts';
import { companyFieldsOf, readCompanyFields } from './fields.ts';
import { deleteCompany, findCompany, listCompanies, lockCompanies } from './store.ts';
import { companyAnnouncements, createCompanies, editCompanies } from './write.ts';
import type { Company, CompanyFilter } from './schemas.ts';

/** How a company is deleted. */
export interface RemoveCompanyOptions {
  /** Leaves its contacts without a company; default false, which refuses while it has contacts. */
  readonly unlink?: boolean | undefined;
  readonly ifMatch?: string | undefined;
}

/** Decisions about companies. */
export interface Companies {
  /** Throws `COMPANY_NOT_FOUND`. */
  get(id: string): Promise<Company>;
  find(id: string): Promise<Company | undefined>;
  /** Oldest first. Throws `CURSOR_INVALID`. */
  list(filter: CompanyFilter, page: PageRequest): Promise<Page<Company>>;
  /** Throws `VALIDATION_FAILED`, `DOMAIN_TAKEN`. */
  create(input: unknown, by: Actor): Promise<Company>;
  /**
   * Applies a JSON merge patch; a patch that changes nothing leaves the version as it is.
   * Throws `COMPANY_NOT_FOUND`, `VERSION_MISMATCH`, `VALIDATION_FAILED`, `DOMAIN_TAKEN`.
   */
  update(id: string, patch: unknown, by: Actor, ifMatch?: string): Promise<Company>;
  /**
   * Deletes for good; what it was stays in the audit entries.
   * Throws `COMPANY_NOT_FOUND`, `VERSION_MISMATCH`, `COMPANY_HAS_CONTACTS`, `TOO_MANY_RECORDS`.
   */
  remove(id: string, by: Actor, options?: RemoveCompanyOptions): Promise<void>;
}

/** Creates the service of companies. */
export function createCompanyService(database: Database): Companies {
  return {
    get: (id) => requireCompany(database, id),
    find: (id) => findCompany(database, id),

    list(filter, page) {
      const list = `companies:${JSON.stringify([filter.q, filter.tag])}`;
      const load = (after: string | undefined, limit: number) =>
        listCompanies(database, filter, after, limit);
      return readPage(list, page, (company) => company.id, load);
    },

    async create(input, by) {
      const fields = requireFields(input, readCompanyFields);
      return changeRecords(database, async (tx) => requireOnly(await createCompanies(tx, [fields], by)));
    },

    update: (id, patch, by, ifMatch) =>
      changeRecords(database, async (tx) => {
        const before = await lockCompany(tx, id);
        checkVersion(before, ifMatch);
        const fields = requirePatched(companyFieldsOf(before), patch, readCompanyFields);
        return requireOnly(await editCompanies(tx, [{ before, fields }], by));
      }),

    remove: (id, by, options = {}) =>
      changeRecords(database, async (tx) => {
        // Contacts before their company, as in a change of a contact: two that wait for each other would both be cut.
        if (options.unlink === true && isId(id)) await lockContactsOfCompany(tx, id, maxRecordsPerRequest);
        const company = await lockCompany(tx, id);
        checkVersion(company, options.ifMatch);
        await unlinkContacts(tx, id, by, options.unlink ?? false);
        await deleteCompany(tx, id);
        await recordDeletion(tx, companyAnnouncements, company);
      }),
  };
}

/** The company; throws `COMPANY_NOT_FOUND`. */
export async function requireCompany(database: Queryable, id: string): Promise<Company> {
  const company = await findCompany(database, id);
  if (company === undefined) throw crmError('COMPANY_NOT_FOUND', { id });
  return company;
}

/** The company, locked until the transaction ends; throws `COMPANY_NOT_FOUND`. */
export async function lockCompany(tx: Transaction, id: string): Promise<Company> {
  const [company] = isId(id) ? await lockCompanies(tx, [id]) : [];
  if (company === undefined) throw crmError('COMPANY_NOT_FOUND', { id });
  return company;
}

/** Takes a locked company from its contacts; no contact can be given to it meanwhile. */
async function unlinkContacts(tx: Transaction, id: string, by: Actor, unlink: boolean): Promise<void> {
  const contacts = await countContactsOfCompany(tx, id);
  if (contacts === 0) return;
  if (!unlink) throw crmError('COMPANY_HAS_CONTACTS', { id, contacts });
  if (contacts > maxRecordsPerRequest) {
    throw crmError('TOO_MANY_RECORDS', { records: contacts, limit: maxRecordsPerRequest });
  }
  // A contact without a name and an e-mail cannot exist, so none becomes faulty by losing its company.
  const linked = await lockContactsOfCompany(tx, id, maxRecordsPerRequest);
  const edits = linked.map((before) => ({
    before,
    fields: { ...contactFieldsOf(before), company_id: null },
  }));
  await editContacts(tx, edits, by);
}

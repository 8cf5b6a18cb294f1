import { isId } from '@orchestrall/sdk';
import type { Database, Transaction } from '@orchestrall/sdk';
import { contactKind } from '../contacts/kind.ts';
import { countContactsOfCompany, lockContactsOfCompany } from '../contacts/store.ts';
import type { Actor } from '../contract.ts';
import { crmError } from '../errors.ts';
import { changeRecords } from '../records/change-records.ts';
import { checkVersion } from '../records/if-match.ts';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { createRecordService, lockRecord } from '../records/service.ts';
import type { RecordService } from '../records/service.ts';
import { editRecords, removeRecord } from '../records/write.ts';
import type { CompanyFields } from './fields.ts';
import { companyKind } from './kind.ts';
import type { CompanyFilter } from './schemas.ts';

/** How a company is deleted. */
export interface RemoveCompanyOptions {
  /** Leaves its contacts without a company; default false, which refuses while it has contacts. */
  readonly unlink?: boolean | undefined;
  readonly ifMatch?: string | undefined;
}

/** Decisions about companies. Codes: `COMPANY_NOT_FOUND`, `DOMAIN_TAKEN`. */
export interface Companies extends Omit<RecordService<CompanyFields, CompanyFilter>, 'remove'> {
  /**
   * Deletes for good; what it was stays in the audit entries.
   * Throws `COMPANY_NOT_FOUND`, `VERSION_MISMATCH`, `COMPANY_HAS_CONTACTS`, `TOO_MANY_RECORDS`.
   */
  remove(id: string, by: Actor, options?: RemoveCompanyOptions): Promise<void>;
}

/** Creates the service of companies. */
export function createCompanyService(database: Database): Companies {
  return {
    ...createRecordService(companyKind, database),

    remove: (id, by, options = {}) =>
      changeRecords(database, async (tx) => {
        // Contacts before their company, as in a change of a contact: two that wait for each other would both be cut.
        if (options.unlink === true && isId(id)) await lockContactsOfCompany(tx, id, maxRecordsPerRequest);
        const company = await lockRecord(companyKind, tx, id);
        checkVersion(company, options.ifMatch);
        await unlinkContacts(tx, id, by, options.unlink ?? false);
        await removeRecord(companyKind, tx, company);
      }),
  };
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
  const edits = linked.map((before) => ({ before, fields: { ...before, company_id: null } }));
  await editRecords(contactKind, tx, edits, by);
}

import { isId } from '@orchestrall/sdk';
import type { Caller, Transaction } from '@orchestrall/sdk';
import { checkVersion } from '@orchestrall/sdk/resources';
import { crmError } from '../errors.ts';
import type { Kinds } from '../kinds.ts';
import type { Access } from '../records/access.ts';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { createRecordService, lockRecord, masked } from '../records/service.ts';
import type { RecordService, RecordServiceOptions } from '../records/service.ts';
import { lockWhere } from '../records/store.ts';
import { editRecords, removeRecord } from '../records/write.ts';
import type { CompanyFields } from './fields.ts';
import { countUse, usersOf } from './in-use.ts';

/** Decisions about companies. Codes: `COMPANY_NOT_FOUND`, `DOMAIN_TAKEN`. */
export interface Companies extends RecordService<CompanyFields> {
  /**
   * Deletes for good; what it was stays in the audit entries. Its contacts, its deals and the companies below it lose it
   * with `unlink`, else it is refused while there are any.
   * Throws `COMPANY_NOT_FOUND`, `VERSION_MISMATCH`, `COMPANY_IN_USE`, `TOO_MANY_RECORDS`.
   */
  remove(tx: Transaction, id: string, by: Caller, ifMatch?: string, unlink?: boolean): Promise<void>;
}

/** Creates the service of companies. */
export function createCompanyService(kinds: Kinds, options: RecordServiceOptions): Companies {
  return {
    ...createRecordService(kinds.companies, options),

    async remove(tx, id, by, ifMatch, unlink = false) {
      const view = options.access.viewOf(by, 'company');
      // Before their company, as in a change of one of them: two that wait for each other would both be cut.
      if (unlink && isId(id)) {
        await lockWhere(kinds.contacts, tx, usersOf.contacts(id), maxRecordsPerRequest);
        await lockWhere(kinds.deals, tx, usersOf.deals(id), maxRecordsPerRequest);
      }
      const company = await lockRecord(kinds.companies, tx, id, view.condition);
      checkVersion(company, ifMatch, (record) => masked(record, view));
      await requireUnused(tx, id, by, options.access, unlink);
      await unlinkAll(kinds, tx, id, by);
      await removeRecord(kinds.companies, tx, company, by);
    },
  };
}

/** Refuses to delete a company that records have, unless they are to lose it and are not too many. */
async function requireUnused(
  tx: Transaction,
  id: string,
  by: Caller,
  access: Access,
  unlink: boolean,
): Promise<void> {
  const { records, seen } = await countUse(tx, id, by, access);
  if (records === 0) return;
  if (!unlink) {
    const told = seen.contacts + seen.companies + seen.deals;
    const unseen = records > told ? ', and some that you may not see' : '';
    throw crmError('COMPANY_IN_USE', { id, ...seen, unseen });
  }
  if (records > maxRecordsPerRequest) {
    const limit = maxRecordsPerRequest;
    throw crmError('TOO_MANY_RECORDS', { records: `more than ${limit}`, limit });
  }
}

/** Takes a locked company from its contacts, its deals and the companies below it; none can be given to it meanwhile. */
async function unlinkAll(kinds: Kinds, tx: Transaction, id: string, by: Caller): Promise<void> {
  // A contact without a name and an e-mail cannot exist, so none becomes faulty by losing its company.
  const linked = await lockWhere(kinds.contacts, tx, usersOf.contacts(id));
  const contactEdits = linked.map((before) => ({ before, fields: { ...before, company_id: null } }));
  await editRecords(kinds.contacts, tx, contactEdits, by);
  const dealEdits = (await lockWhere(kinds.deals, tx, usersOf.deals(id))).map((before) => ({
    before,
    fields: { ...before, company_id: null },
  }));
  await editRecords(kinds.deals, tx, dealEdits, by);
  const below = await lockWhere(kinds.companies, tx, usersOf.companies(id));
  const companyEdits = below.map((before) => ({ before, fields: { ...before, parent_id: null } }));
  await editRecords(kinds.companies, tx, companyEdits, by);
}

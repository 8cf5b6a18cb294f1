import { validationFailed } from '@orchestrall/sdk';
import type { Database } from '@orchestrall/sdk';
import { companyKind } from '../companies/kind.ts';
import { contactKind } from '../contacts/kind.ts';
import { associationCreated, associationDeleted, associationUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import { keepText } from '../fields/text.ts';
import { readPage } from '../paging/cursor.ts';
import type { Page, PageRequest } from '../paging/cursor.ts';
import { changeRecords } from '../records/change-records.ts';
import { lockRecord, requireRecord } from '../records/service.ts';
import { holdExisting } from '../records/store.ts';
import { maxRoleLength } from './schemas.ts';
import type { CompanyContact, ContactCompany } from './schemas.ts';
import {
  deleteAssociation,
  findAssociation,
  listCompaniesOf,
  listContactsOf,
  putAssociation,
} from './store.ts';

/** Which contact belongs to which companies, beside its own `company_id`. */
export interface Associations {
  /** Throws `CONTACT_NOT_FOUND`, `CURSOR_INVALID`. */
  companiesOf(contactId: string, page: PageRequest): Promise<Page<ContactCompany>>;
  /** Throws `COMPANY_NOT_FOUND`, `CURSOR_INVALID`. */
  contactsOf(companyId: string, page: PageRequest): Promise<Page<CompanyContact>>;
  /**
   * Makes an association, or changes the role of one that is there.
   * Throws `CONTACT_NOT_FOUND`, `COMPANY_NOT_FOUND`, `VALIDATION_FAILED`.
   */
  put(contactId: string, companyId: string, role: string | null): Promise<void>;
  /** Throws `CONTACT_NOT_FOUND`, `ASSOCIATION_NOT_FOUND`. */
  remove(contactId: string, companyId: string): Promise<void>;
}

/** Creates the service of associations. */
export function createAssociationService(database: Database): Associations {
  return {
    async companiesOf(contactId, page) {
      await requireRecord(contactKind, database, contactId);
      const load = (after: string | undefined, limit: number) =>
        listCompaniesOf(database, contactId, after, limit);
      return readPage(`companies of ${contactId}`, page, (item) => item.company.id, load);
    },

    async contactsOf(companyId, page) {
      await requireRecord(companyKind, database, companyId);
      const load = (after: string | undefined, limit: number) =>
        listContactsOf(database, companyId, after, limit);
      return readPage(`contacts of ${companyId}`, page, (item) => item.contact.id, load);
    },

    put: (contactId, companyId, given) =>
      changeRecords(database, async (tx) => {
        const role = given === null ? null : requireRole(given);
        // The contact's lock also keeps two requests from making the same association at a time.
        await lockRecord(contactKind, tx, contactId);
        const companies = await holdExisting(companyKind, tx, new Set([companyId]));
        if (companies.size === 0) throw crmError('COMPANY_NOT_FOUND', { id: companyId });
        const before = await findAssociation(tx, contactId, companyId);
        if (before?.role === role) return;
        await putAssociation(tx, contactId, companyId, role);
        const after = { contact_id: contactId, company_id: companyId, role };
        const event = before === undefined ? associationCreated : associationUpdated;
        tx.emit(event, after, { subject: contactId });
        tx.audit({
          action: event.type,
          subjectType: 'association',
          subjectId: contactId,
          ...(before === undefined ? {} : { before: { ...after, role: before.role } }),
          after,
        });
      }),

    remove: (contactId, companyId) =>
      changeRecords(database, async (tx) => {
        await lockRecord(contactKind, tx, contactId);
        const found = await findAssociation(tx, contactId, companyId);
        const link = { contact_id: contactId, company_id: companyId };
        if (found === undefined) throw crmError('ASSOCIATION_NOT_FOUND', link);
        await deleteAssociation(tx, contactId, companyId);
        const before = { ...link, role: found.role };
        tx.emit(associationDeleted, before, { subject: contactId });
        tx.audit({ action: 'association.deleted', subjectType: 'association', subjectId: contactId, before });
      }),
  };
}

function requireRole(given: string): string {
  const { text, fault } = keepText(given, maxRoleLength);
  if (text === undefined) throw validationFailed([{ path: '/role', message: fault }]);
  return text;
}

import { validationFailed } from '@orchestrall/sdk';
import type { Database } from '@orchestrall/sdk';
import { companyKind } from '../companies/kind.ts';
import { contactKind } from '../contacts/kind.ts';
import { associationCreated, associationDeleted, associationUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import { keepText } from '../fields/text.ts';
import { byId, readPage } from '../paging/cursor.ts';
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
      const { id } = await requireRecord(contactKind, database, contactId);
      const load = (after: string | undefined, limit: number) => listCompaniesOf(database, id, after, limit);
      return readPage(
        `companies of ${id}`,
        page,
        byId((item) => item.company.id),
        load,
      );
    },

    async contactsOf(companyId, page) {
      const { id } = await requireRecord(companyKind, database, companyId);
      const load = (after: string | undefined, limit: number) => listContactsOf(database, id, after, limit);
      return readPage(
        `contacts of ${id}`,
        page,
        byId((item) => item.contact.id),
        load,
      );
    },

    put: (contactId, companyId, given) =>
      changeRecords(database, async (tx) => {
        const role = given === null ? null : requireRole(given);
        // The contact's lock also keeps two requests from making the same association at a time.
        const contact = await lockRecord(contactKind, tx, contactId);
        const [company] = await holdExisting(companyKind, tx, new Set([companyId]));
        if (company === undefined) throw crmError('COMPANY_NOT_FOUND', { id: companyId });
        const before = await findAssociation(tx, contact.id, company);
        if (before?.role === role) return;
        const after = { contact_id: contact.id, company_id: company, role };
        await putAssociation(tx, after);
        const event = before === undefined ? associationCreated : associationUpdated;
        tx.emit(event, after, { subject: contact.id });
        tx.audit({
          action: event.type,
          subjectType: 'association',
          subjectId: contact.id,
          ...(before === undefined ? {} : { before }),
          after,
        });
      }),

    remove: (contactId, companyId) =>
      changeRecords(database, async (tx) => {
        const { id: subject } = await lockRecord(contactKind, tx, contactId);
        const before = await findAssociation(tx, subject, companyId);
        if (before === undefined) {
          throw crmError('ASSOCIATION_NOT_FOUND', { contact_id: contactId, company_id: companyId });
        }
        await deleteAssociation(tx, before);
        tx.emit(associationDeleted, before, { subject });
        tx.audit({
          action: associationDeleted.type,
          subjectType: 'association',
          subjectId: subject,
          before,
        });
      }),
  };
}

function requireRole(given: string): string {
  const { text, fault } = keepText(given, maxRoleLength);
  if (text === undefined) throw validationFailed([{ path: '/role', message: fault }]);
  return text;
}

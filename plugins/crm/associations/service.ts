import { validationFailed } from '@orchestrall/sdk';
import type { Caller } from '@orchestrall/sdk';
import { changeRecords, keepText } from '@orchestrall/sdk/resources';
import type { ListRequest, Page } from '@orchestrall/sdk/resources';
import { associationCreated, associationDeleted, associationUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { Kinds } from '../kinds.ts';
import { lockRecord, masked, requireRecord } from '../records/service.ts';
import type { RecordServiceOptions } from '../records/service.ts';
import { holdExisting } from '../records/store.ts';
import { maxRoleLength } from './schemas.ts';
import type { CompanyContact, ContactCompany } from './schemas.ts';
import {
  companiesOf,
  contactsOf,
  deleteAssociation,
  findAssociation,
  listLinked,
  putAssociation,
} from './store.ts';

type PageOnly = Pick<ListRequest, 'cursor' | 'limit'>;

/** Which contact belongs to which companies, beside its own `company_id`. */
export interface Associations {
  /** Throws `CONTACT_NOT_FOUND`, `CURSOR_INVALID`. */
  companiesOf(contactId: string, page: PageOnly, by: Caller): Promise<Page<ContactCompany>>;
  /** Throws `COMPANY_NOT_FOUND`, `CURSOR_INVALID`. */
  contactsOf(companyId: string, page: PageOnly, by: Caller): Promise<Page<CompanyContact>>;
  /**
   * Makes an association, or changes the role of one that is there.
   * Throws `CONTACT_NOT_FOUND`, `COMPANY_NOT_FOUND`, `VALIDATION_FAILED`.
   */
  put(contactId: string, companyId: string, role: string | null, by: Caller): Promise<void>;
  /** Throws `CONTACT_NOT_FOUND`, `ASSOCIATION_NOT_FOUND`. */
  remove(contactId: string, companyId: string, by: Caller): Promise<void>;
}

/** Creates the service of associations. */
export function createAssociationService(
  kinds: Kinds,
  { database, access }: RecordServiceOptions,
): Associations {
  return {
    async companiesOf(contactId, page, by) {
      const { id } = await requireRecord(
        kinds.contacts,
        database,
        contactId,
        access.viewOf(by, 'contact').condition,
      );
      const view = access.viewOf(by, 'company');
      const side = companiesOf(kinds.companies);
      const { items, next_cursor } = await listLinked(database, side, id, view.condition, page);
      return {
        items: items.map(({ record, ...link }) => ({ company: masked(record, view), ...link })),
        next_cursor,
      };
    },

    async contactsOf(companyId, page, by) {
      const { id } = await requireRecord(
        kinds.companies,
        database,
        companyId,
        access.viewOf(by, 'company').condition,
      );
      const view = access.viewOf(by, 'contact');
      const side = contactsOf(kinds.contacts);
      const { items, next_cursor } = await listLinked(database, side, id, view.condition, page);
      return {
        items: items.map(({ record, ...link }) => ({ contact: masked(record, view), ...link })),
        next_cursor,
      };
    },

    put: (contactId, companyId, given, by) =>
      changeRecords(database, async (tx) => {
        const role = given === null ? null : requireRole(given);
        // The contact's lock also keeps two requests from making the same association at a time.
        const visible = access.viewOf(by, 'contact').condition;
        const contact = await lockRecord(kinds.contacts, tx, contactId, visible);
        await requireRecord(kinds.companies, tx, companyId, access.viewOf(by, 'company').condition);
        const [company] = await holdExisting('companies', tx, new Set([companyId]));
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

    remove: (contactId, companyId, by) =>
      changeRecords(database, async (tx) => {
        const visible = access.viewOf(by, 'contact').condition;
        const { id: subject } = await lockRecord(kinds.contacts, tx, contactId, visible);
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

import { validationFailed } from '@orchestrall/sdk';
import type { Caller } from '@orchestrall/sdk';
import { changeRecords, keepText } from '@orchestrall/sdk/resources';
import type { ListRequest, Page } from '@orchestrall/sdk/resources';
import { maxRoleLength } from '../associations/schemas.ts';
import { dealContactCreated, dealContactDeleted, dealContactUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { Kinds } from '../kinds.ts';
import { toldOf } from '../records/history.ts';
import { lockRecord, masked, requireRecord } from '../records/service.ts';
import type { RecordServiceOptions } from '../records/service.ts';
import { holdExisting } from '../records/store.ts';
import type { ContactDeal, DealContact } from './contact-schemas.ts';
import { deleteLink, findLink, listInvolved, putLink } from './contacts-store.ts';

type PageOnly = Pick<ListRequest, 'cursor' | 'limit'>;

/** Who has a part in a deal, and which. */
export interface DealContacts {
  /** Throws `DEAL_NOT_FOUND`, `CURSOR_INVALID`. */
  contactsOf(dealId: string, page: PageOnly, by: Caller): Promise<Page<DealContact>>;
  /** Throws `CONTACT_NOT_FOUND`, `CURSOR_INVALID`. */
  dealsOf(contactId: string, page: PageOnly, by: Caller): Promise<Page<ContactDeal>>;
  /** Adds a contact, or changes its role. Throws `DEAL_NOT_FOUND`, `CONTACT_NOT_FOUND`, `VALIDATION_FAILED`. */
  put(dealId: string, contactId: string, role: string | null, by: Caller): Promise<void>;
  /** Throws `DEAL_NOT_FOUND`, `DEAL_CONTACT_NOT_FOUND`. */
  remove(dealId: string, contactId: string, by: Caller): Promise<void>;
}

/** Creates the service of the contacts of deals. */
export function createDealContacts(
  kinds: Pick<Kinds, 'contacts' | 'deals'>,
  { database, access }: RecordServiceOptions,
): DealContacts {
  const visible = (by: Caller, kind: 'deal' | 'contact') => access.viewOf(by, kind).condition;
  return {
    async contactsOf(dealId, page, by) {
      const { id } = await requireRecord(kinds.deals, database, dealId, visible(by, 'deal'));
      const view = access.viewOf(by, 'contact');
      const of = { kind: 'deal', id } as const;
      const { items, next_cursor } = await listInvolved(database, kinds.contacts, of, view.condition, page);
      return {
        items: items.map(({ record, role }) => ({ contact: masked(record, view), role })),
        next_cursor,
      };
    },

    async dealsOf(contactId, page, by) {
      const { id } = await requireRecord(kinds.contacts, database, contactId, visible(by, 'contact'));
      const view = access.viewOf(by, 'deal');
      const of = { kind: 'contact', id } as const;
      const { items, next_cursor } = await listInvolved(database, kinds.deals, of, view.condition, page);
      return { items: items.map(({ record, role }) => ({ deal: masked(record, view), role })), next_cursor };
    },

    put: (dealId, contactId, given, by) =>
      changeRecords(database, async (tx) => {
        const role = given === null ? null : requireRole(given);
        // The deal's lock also keeps two requests from adding the same contact at a time.
        const deal = await lockRecord(kinds.deals, tx, dealId, visible(by, 'deal'));
        const seen = await requireRecord(kinds.contacts, tx, contactId, visible(by, 'contact'));
        const [contact] = await holdExisting('contacts', tx, new Set([seen.id]));
        if (contact === undefined) throw crmError('CONTACT_NOT_FOUND', { id: contactId });
        const before = await findLink(tx, deal.id, contact);
        if (before?.role === role) return;
        const after = { deal_id: deal.id, contact_id: contact, role };
        await putLink(tx, after);
        const event = before === undefined ? dealContactCreated : dealContactUpdated;
        tx.emit(event, after, toldOf(kinds.deals, deal));
        const states = before === undefined ? { after } : { before, after };
        tx.audit({ action: event.type, subjectType: 'deal_contact', subjectId: deal.id, ...states });
      }),

    remove: (dealId, contactId, by) =>
      changeRecords(database, async (tx) => {
        const deal = await lockRecord(kinds.deals, tx, dealId, visible(by, 'deal'));
        const before = await findLink(tx, deal.id, contactId);
        if (before === undefined) {
          throw crmError('DEAL_CONTACT_NOT_FOUND', { deal_id: dealId, contact_id: contactId });
        }
        await deleteLink(tx, before);
        tx.emit(dealContactDeleted, before, toldOf(kinds.deals, deal));
        const { type: action } = dealContactDeleted;
        tx.audit({ action, subjectType: 'deal_contact', subjectId: deal.id, before });
      }),
  };
}

function requireRole(given: string): string {
  const { text, fault } = keepText(given, maxRoleLength);
  if (text === undefined) throw validationFailed([{ path: '/role', message: fault }]);
  return text;
}

import { createId, isId } from '@orchestrall/sdk';
import type { Answer, Caller, Database, History, Transaction } from '@orchestrall/sdk';
import { idOrder, readPage } from '@orchestrall/sdk/resources';
import type { ListRequest, Page } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { crmError } from '../../errors.ts';
import type { Kinds } from '../../kinds.ts';
import { findRecord } from '../../records/store.ts';
import { foldName } from '../../fields/folded.ts';
import { findPeople } from '../find-person.ts';
import { allPlaces } from '../reach/all-places.ts';
import { countPlace } from '../reach/place.ts';
import { eraseJob } from './jobs.ts';
import type { Erasure, ErasurePreview } from './schemas.ts';
import { searchOf } from './steps.ts';
import { findErasure, insertErasure, saveErasure, toView } from './store.ts';
import type { StoredErasure } from './store.ts';

/** Erasures of people. */
export interface Erasures {
  /** Counts what an erasure would reach. Throws `CONTACT_NOT_FOUND`. */
  preview(contactId: string, confirm: string | undefined): Promise<ErasurePreview>;
  /** Stores an erasure with its job; 202. Throws `CONTACT_NOT_FOUND`, `ERASURE_NOT_CONFIRMED`. */
  begin(contactId: string, confirm: string | undefined, by: Caller): Promise<Answer>;
  list(page: Pick<ListRequest, 'cursor' | 'limit'>): Promise<Page<Erasure>>;
  /** Throws `ERASURE_NOT_FOUND`. */
  get(id: string): Promise<Erasure>;
  /** Takes up one that failed where it was; 202. Throws `ERASURE_NOT_FOUND`, `ERASURE_NOT_FAILED`. */
  retry(id: string): Promise<Answer>;
}

/** What erasures stand on. */
export interface ErasuresOptions {
  readonly database: Database;
  readonly history: History;
  readonly kinds: Kinds;
}

/** Creates the erasures. */
export function createErasures({ database, history, kinds }: ErasuresOptions): Erasures {
  return {
    async preview(contactId, confirm) {
      // A contact that was deleted is known to the history alone.
      const isThere = (await findRecord(kinds.contacts, database, contactId)) !== undefined;
      if (!isThere && !confirmsId(contactId, confirm)) throw crmError('CONTACT_NOT_FOUND', { id: contactId });
      const person = await findPeople(kinds, database, [contactId], isThere ? undefined : history);
      const counts = [];
      for (const place of allPlaces(kinds)) counts.push(await countPlace(database, place, person));
      let items = 0;
      for await (const _ of history.find(searchOf(person))) items += 1;
      const reached = counts.filter(({ about, mentions }) => about + mentions > 0);
      return {
        contact_ids: [...person.ids],
        places: [...reached, ...(items > 0 ? [{ place: 'history', about: items, mentions: 0 }] : [])],
      };
    },

    begin: (contactId, confirm, by) =>
      database.transaction(async (tx) => {
        const contact = await findRecord(kinds.contacts, tx, contactId);
        if (contact === undefined && !confirmsId(contactId, confirm))
          throw crmError('CONTACT_NOT_FOUND', { id: contactId });
        const names = contact === undefined ? [contactId] : namesOf(contact);
        if (confirm === undefined || !names.some((name) => foldName(name) === foldName(confirm)))
          throw crmError('ERASURE_NOT_CONFIRMED', { id: contactId });
        const stored = await beginErasure(tx, [contactId], 'request', by.id);
        const body = toView(stored);
        return tx.answer({ status: 202, headers: { location: location(stored.id) }, body });
      }),

    async list(page) {
      const source = { table: 'erasures', selection: sql`*`, conditions: [] };
      const options = { ...page, list: 'erasures', keys: idOrder(true) };
      const { items, next_cursor } = await readPage<StoredErasure>(database, source, options);
      return { items: items.map(toView), next_cursor };
    },

    async get(id) {
      const stored = isId(id) ? await findErasure(database, id) : undefined;
      if (stored === undefined) throw crmError('ERASURE_NOT_FOUND', { id });
      return toView(stored);
    },

    retry: (id) =>
      database.transaction(async (tx) => {
        const stored = isId(id) ? await findErasure(tx, id, 'for update') : undefined;
        if (stored === undefined) throw crmError('ERASURE_NOT_FOUND', { id });
        if (stored.status !== 'failed') throw crmError('ERASURE_NOT_FAILED', { id, status: stored.status });
        await saveErasure(tx, stored, { status: 'queued' });
        tx.enqueue(eraseJob, { erasure_id: id });
        const body: Erasure = { ...toView(stored), status: 'queued', finished_at: null };
        return tx.answer({ status: 202, headers: { location: location(id) }, body });
      }),
  };
}

/** Stores an erasure of contacts with its job, and says in the audit that it was asked for. */
export async function beginErasure(
  tx: Transaction,
  contactIds: readonly string[],
  cause: Erasure['cause'],
  requestedBy: string,
): Promise<StoredErasure> {
  const id = createId();
  const given = { id, contact_ids: [...contactIds], cause, requested_by: requestedBy };
  const stored = await insertErasure(tx, given);
  tx.enqueue(eraseJob, { erasure_id: id });
  const after = { cause };
  tx.audit({ action: 'erasure.requested', subjectType: 'erasure', subjectId: id, after });
  return stored;
}

function confirmsId(id: string, confirm: string | undefined): boolean {
  return isId(id) && confirm?.toLowerCase() === id.toLowerCase();
}

function namesOf(contact: {
  readonly email: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
}): string[] {
  const { email, first_name, last_name } = contact;
  const name = [first_name, last_name].filter((part) => part !== null).join(' ');
  return email === null ? [name] : name === '' ? [email] : [email, name];
}

function location(id: string): string {
  return `/api/v1/crm/erasures/${id}`;
}

import { createId, isId } from '@orchestrall/sdk';
import type { Answer, Caller, Database } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { crmError } from '../../errors.ts';
import { foldEmail } from '../../fields/folded.ts';
import type { Kinds } from '../../kinds.ts';
import { findRecord, findRecords } from '../../records/store.ts';
import { samePerson } from '../same-person.ts';
import { copyJob } from './jobs.ts';
import type { FoundPeople, PersonQuery, PersonalDataExport } from './schemas.ts';
import { findCopy, insertCopy, readCopy } from './store.ts';

/** Copies of all that is held about people. */
export interface PersonalDataExports {
  /** Contacts by e-mail or phone, up to 100, whoever may see them. */
  find(query: PersonQuery): Promise<FoundPeople>;
  /** Stores a copy with its job; 202. Throws `CONTACT_NOT_FOUND`. */
  begin(contactId: string, by: Caller): Promise<Answer>;
  /** Throws `PERSONAL_DATA_EXPORT_NOT_FOUND`. */
  get(id: string): Promise<PersonalDataExport>;
  /** The document, streamed; that it was read is audited. Throws `PERSONAL_DATA_EXPORT_NOT_FOUND`, `PERSONAL_DATA_EXPORT_NOT_READY`. */
  read(id: string): Promise<AsyncIterable<string>>;
}

/** What copies stand on. */
export interface CopiesOptions {
  readonly database: Database;
  readonly kinds: Kinds;
  /** How long a copy is kept. */
  readonly keepHours: number;
}

/** Most contacts that are found at once. */
const maxFound = 100;

/** Creates the copies. */
export function createCopies({ database, kinds, keepHours }: CopiesOptions): PersonalDataExports {
  const require = async (id: string): Promise<PersonalDataExport> => {
    const copy = isId(id) ? await findCopy(database, id) : undefined;
    if (copy === undefined) throw crmError('PERSONAL_DATA_EXPORT_NOT_FOUND', { id });
    return copy;
  };
  return {
    async find({ email, phone }) {
      const digits = phone?.replaceAll(/\D/gu, '').replace(/^0+/, '');
      if (email === undefined && (digits === undefined || digits === '')) return { items: [] };
      const ownDigits = sql`regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g')`;
      const query = sql`select id from contacts
        where email_key = ${email === undefined ? null : foldEmail(email)}
          or (${digits ?? null}::text <> '' and ${ownDigits} like '%' || ${digits ?? null})
        order by id limit ${maxFound}`;
      const rows = await database.query<{ id: string }>(toStatement(query));
      const items: FoundPeople['items'] = [];
      for (const { id } of rows) {
        const [contact] = await findRecords(kinds.contacts, database, [id]);
        if (contact === undefined) continue;
        const { first_name, last_name } = contact;
        const merged_ids = (await samePerson(database, [id])).filter((merged) => merged !== id);
        items.push({ id, first_name, last_name, email: contact.email, phone: contact.phone, merged_ids });
      }
      return { items };
    },

    begin: (contactId, by) =>
      database.transaction(async (tx) => {
        const contact = await findRecord(kinds.contacts, tx, contactId);
        if (contact === undefined) throw crmError('CONTACT_NOT_FOUND', { id: contactId });
        const id = createId();
        const body = await insertCopy(tx, { id, contact_id: contact.id, requested_by: by.id }, keepHours);
        tx.enqueue(copyJob, { export_id: id });
        const after = { contact_id: contact.id };
        tx.audit({
          action: 'personal_data_export.requested',
          subjectType: 'personal_data_export',
          subjectId: id,
          after,
        });
        return tx.answer({
          status: 202,
          headers: { location: `/api/v1/crm/personal-data-exports/${id}` },
          body,
        });
      }),

    get: require,

    async read(id) {
      const copy = await require(id);
      if (copy.status !== 'completed')
        throw crmError('PERSONAL_DATA_EXPORT_NOT_READY', { id, status: copy.status });
      await database.transaction(async (tx) => {
        const after = { contact_id: copy.contact_id };
        tx.audit({
          action: 'personal_data_export.read',
          subjectType: 'personal_data_export',
          subjectId: copy.id,
          after,
        });
      });
      return readCopy(database, copy.id);
    },
  };
}

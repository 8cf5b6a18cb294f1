import type { Database } from '@orchestrall/sdk';
import { createRecordService } from '../records/service.ts';
import type { RecordService } from '../records/service.ts';
import { findByKey } from '../records/store.ts';
import type { ContactFields } from './fields.ts';
import { contactEmail, contactKind } from './kind.ts';
import type { Contact, ContactFilter } from './schemas.ts';

/** Decisions about contacts. Codes: `CONTACT_NOT_FOUND`, `EMAIL_TAKEN`. */
export interface Contacts extends RecordService<ContactFields, ContactFilter> {
  /** The contact with this e-mail in any spelling of case, or undefined. */
  findByEmail(email: string): Promise<Contact | undefined>;
}

/** Creates the service of contacts. */
export function createContactService(database: Database): Contacts {
  return {
    ...createRecordService(contactKind, database),
    findByEmail: (email) => findByKey(contactKind, contactEmail, database, email),
  };
}

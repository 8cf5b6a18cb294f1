import { findByKey } from '../records/store.ts';
import { createRecordService } from '../records/service.ts';
import type { RecordService, RecordServiceOptions } from '../records/service.ts';
import type { ContactFields } from './fields.ts';
import { contactEmail, contactKind } from './kind.ts';
import type { Contact } from './schemas.ts';

/** Decisions about contacts. Codes: `CONTACT_NOT_FOUND`, `EMAIL_TAKEN`. */
export interface Contacts extends RecordService<ContactFields> {
  /** The contact with this e-mail in any spelling of case, or undefined; for other plugins, who see all. */
  findByEmail(email: string): Promise<Contact | undefined>;
}

/** Creates the service of contacts. */
export function createContactService(options: RecordServiceOptions): Contacts {
  return {
    ...createRecordService(contactKind, options),
    findByEmail: (email) => findByKey(contactKind, contactEmail, options.database, email),
  };
}

import { findByKey } from '../records/store.ts';
import { createRecordService } from '../records/service.ts';
import type { RecordService, RecordServiceOptions } from '../records/service.ts';
import type { ContactFields } from './fields.ts';
import { contactEmail } from './kind.ts';
import type { RecordKind } from '../records/kind.ts';
import type { Contact } from './schemas.ts';

/** Decisions about contacts. Codes: `CONTACT_NOT_FOUND`, `EMAIL_TAKEN`. */
export interface Contacts extends RecordService<ContactFields> {
  /** The contact with this e-mail in any spelling of case, or undefined; for other plugins, who see all. */
  findByEmail(email: string): Promise<Contact | undefined>;
}

/** Creates the service of contacts. */
export function createContactService(
  kind: RecordKind<ContactFields>,
  options: RecordServiceOptions,
): Contacts {
  return {
    ...createRecordService(kind, options),
    findByEmail: (email) => findByKey(kind, contactEmail, options.database, email),
  };
}

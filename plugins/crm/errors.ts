import { defineErrors } from '@orchestrall/sdk';

/** Every error of this plugin's own, beside the SDK's `sharedErrors`; `docs/errors.md` is generated from it. */
export const crmErrors = {
  CONTACT_NOT_FOUND: {
    status: 404,
    message: 'No contact has the id {id}.',
    remedy: 'Search for it: GET /api/v1/crm/contacts?q=name.',
  },
  COMPANY_NOT_FOUND: {
    status: 404,
    message: 'No company has the id {id}.',
    remedy: 'Search for it: GET /api/v1/crm/companies?q=name.',
  },
  ASSOCIATION_NOT_FOUND: {
    status: 404,
    message: 'The contact {contact_id} has no association with the company {company_id}.',
    remedy: 'List what there is: GET /api/v1/crm/contacts/{contact_id}/companies.',
  },
  NOTE_NOT_FOUND: {
    status: 404,
    message: 'The record {id} has no note {note_id}.',
    remedy: 'List its notes with its timeline.',
  },
  TAG_NOT_FOUND: {
    status: 404,
    message: 'No record carries the tag {tag}.',
    remedy: 'List the tags in use: GET /api/v1/crm/tags.',
  },
  IMPORT_NOT_FOUND: {
    status: 404,
    message: 'No import has the id {id}.',
    remedy: 'List the imports: GET /api/v1/crm/imports.',
  },
  EMAIL_TAKEN: {
    status: 409,
    message: 'The e-mail {email} belongs to the contact {id}.',
    remedy: 'Change that contact, or give another e-mail.',
  },
  DOMAIN_TAKEN: {
    status: 409,
    message: 'The domain {domain} belongs to the company {id}.',
    remedy: 'Change that company, or give another domain.',
  },
  COMPANY_IN_USE: {
    status: 409,
    message: '{contacts} contacts and {companies} companies belong to the company {id}.',
    remedy: 'Move them first, or delete with ?unlink=true, which leaves them without it.',
  },
  IMPORT_ENDED: {
    status: 409,
    message: 'The import {id} has already ended as {status}.',
    remedy: 'Nothing is left to cancel; start a new import if one is needed.',
  },
  TOO_MANY_RECORDS: {
    status: 409,
    message: 'The change would touch {records} records; one request changes at most {limit}.',
    remedy: 'Export the records, change the file and import it: an import has no such bound.',
  },
  UPLOAD_TOO_LARGE: {
    status: 413,
    message: 'The file is larger than {max_bytes} bytes.',
    remedy: 'Split the file, or raise import_max_bytes in the configuration of crm_integration.',
  },
  UPLOAD_TYPE_UNSUPPORTED: {
    status: 415,
    message: 'A file sent as {content_type} is not accepted; accepted is text/csv in UTF-8.',
    remedy: 'Send the CSV file itself as the body, with the header Content-Type: text/csv; charset=utf-8.',
  },
  CHARSET_UNSUPPORTED: {
    status: 415,
    message: 'The character set {charset} is not accepted; accepted are utf-8 and us-ascii.',
    remedy: 'Save the file as UTF-8 and send it as text/csv.',
  },
} as const;

/** Creates an error of this plugin's table. */
export const crmError = defineErrors(crmErrors);

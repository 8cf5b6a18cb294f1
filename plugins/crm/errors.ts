import { defineErrors } from '@orchestrall/sdk';
import { salesforceErrors } from './salesforce/errors.ts';

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
  ACTIVITY_NOT_FOUND: {
    status: 404,
    message: 'No activity has the id {id}.',
    remedy: 'Search for it: GET /api/v1/crm/activities?q=text.',
  },
  DEAL_NOT_FOUND: {
    status: 404,
    message: 'No deal has the id {id}.',
    remedy: 'Search for it: GET /api/v1/crm/deals?q=name.',
  },
  PIPELINE_NOT_FOUND: {
    status: 404,
    message: 'No pipeline has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/pipelines.',
  },
  STAGE_NOT_FOUND: {
    status: 404,
    message: 'The pipeline {pipeline_id} has no stage {id}.',
    remedy: 'Read the pipeline: GET /api/v1/crm/pipelines/{pipeline_id}.',
  },
  ASSOCIATION_NOT_FOUND: {
    status: 404,
    message: 'The {kind} {id} has no association with the {other_kind} {other_id}.',
    remedy: 'List what there is: GET .../associations of either record.',
  },
  TIMELINE_ENTRY_NOT_FOUND: {
    status: 404,
    message: 'The plugin has shown nothing under the key {key} in the timeline of the record {id}.',
    remedy: 'Take away only what the same plugin has added, by the key it was added with.',
  },
  TAG_NOT_FOUND: {
    status: 404,
    message: 'No record carries the tag {tag}.',
    remedy: 'List the tags in use: GET /api/v1/crm/tags.',
  },
  LIST_NOT_FOUND: {
    status: 404,
    message: 'No list that you see has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/lists.',
  },
  VIEW_NOT_FOUND: {
    status: 404,
    message: 'No view that you see has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/views.',
  },
  NOT_YOURS: {
    status: 403,
    message: 'The {what} {id} may be changed by its owner and by administrators only.',
    remedy: 'Ask one of them, or make one of your own.',
  },
  LIST_IS_DYNAMIC: {
    status: 409,
    message: 'The list {id} has no members of its own: it holds whatever its filter finds.',
    remedy: 'Change its filter, or make a static list.',
  },
  IMPORT_NOT_FOUND: {
    status: 404,
    message: 'No import has the id {id}.',
    remedy: 'List the imports: GET /api/v1/crm/imports.',
  },
  PERSONAL_DATA_EXPORT_NOT_FOUND: {
    status: 404,
    message: 'No export of personal data has the id {id}.',
    remedy: 'It is deleted after some time, and with the person; ask for it again.',
  },
  PERSONAL_DATA_EXPORT_NOT_READY: {
    status: 409,
    message: 'The export of personal data {id} is {status}.',
    remedy: 'Read its status until it is completed; one that failed has to be asked for again.',
  },
  ERASURE_NOT_FOUND: {
    status: 404,
    message: 'No erasure has the id {id}.',
    remedy: 'List the erasures: GET /api/v1/crm/erasures.',
  },
  ERASURE_NOT_CONFIRMED: {
    status: 422,
    message: 'The erasure of the contact {id} is not confirmed.',
    remedy:
      'Repeat its e-mail in `confirm`, or first and last name where it has none; `preview` shows what is reached.',
  },
  ERASURE_NOT_FAILED: {
    status: 409,
    message: 'The erasure {id} is {status}.',
    remedy: 'Only one that failed can be taken up again.',
  },
  CURRENCY_UNKNOWN: {
    status: 422,
    message: '`default_currency` is {currency}, which is not the code of a currency in ISO 4217.',
    remedy: 'Give a code such as EUR in the configuration of crm_integration.',
  },
  REGION_UNKNOWN: {
    status: 422,
    message: '`default_region` is {region}, which is not the code of a country in ISO 3166-1.',
    remedy: 'Give a code such as DE in the configuration of crm_integration, or leave it out.',
  },
  DUPLICATE_NOT_FOUND: {
    status: 404,
    message: 'No pair of duplicates that you see has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/duplicates.',
  },
  PAIR_IS_MERGED: {
    status: 409,
    message: 'The two records of the pair {id} were merged.',
    remedy: 'Nothing is left to decide.',
  },
  RECORD_MERGED: {
    status: 410,
    message: 'The {kind} {id} was merged into the {kind} {merged_into}.',
    remedy: 'Use {merged_into} in its place.',
  },
  MERGE_INTO_ITSELF: {
    status: 422,
    message: 'The {kind} {id} cannot be merged into itself.',
    remedy: 'Give the id of another {kind} in other_id.',
  },
  MERGE_ACROSS_KINDS: {
    status: 422,
    message: '{other_id} is a {other_kind}; a {kind} is merged with another {kind} only.',
    remedy: 'Give the id of a {kind} in other_id.',
  },
  CUSTOM_FIELD_NOT_FOUND: {
    status: 404,
    message: 'No custom field has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/custom-fields.',
  },
  ACCESS_RULES_INVALID: {
    status: 500,
    message: 'The rules of access do not fit: {list}.',
    remedy:
      'Correct `access` in the configuration of crm_integration; docs/how-to/who-sees-what.md shows it.',
  },
  EMAIL_TAKEN: {
    status: 409,
    message: 'The e-mail {email} belongs to {holder}.',
    remedy: 'Change that contact, or give another e-mail.',
  },
  DOMAIN_TAKEN: {
    status: 409,
    message: 'The domain {domain} belongs to {holder}.',
    remedy: 'Change that company, or give another domain.',
  },
  VALUE_TAKEN: {
    status: 409,
    message: 'The {field} {value} belongs to {holder}.',
    remedy: 'Change that record, or give another value: the field is unique.',
  },
  CUSTOM_FIELD_EXISTS: {
    status: 409,
    message: 'Records of {object} have the custom field {name} already.',
    remedy: 'Change it: PATCH /api/v1/crm/custom-fields/{id}. Or choose another name.',
  },
  CUSTOM_FIELD_KEPT: {
    status: 409,
    message: 'The data of a removed custom field {name} of {object} are kept; it is of the type {type}.',
    remedy:
      'Declare it as it was to have them back, or delete them for good first: POST /api/v1/crm/custom-fields/{id}/purge.',
  },
  CUSTOM_FIELD_REMOVED: {
    status: 409,
    message: 'The custom field {name} is removed.',
    remedy:
      'Declare it again to have it back with its data, or purge it: POST /api/v1/crm/custom-fields/{id}/purge.',
  },
  CUSTOM_FIELD_NOT_REMOVED: {
    status: 409,
    message: 'The custom field {name} is in use.',
    remedy: 'Remove it first: DELETE /api/v1/crm/custom-fields/{id}.',
  },
  CUSTOM_FIELD_NOT_UNIQUE: {
    status: 409,
    message: 'Several records have the same {name}.',
    remedy: 'Change the records that `details.conflicts` names, and send the request again.',
  },
  TOO_MANY_CUSTOM_FIELDS: {
    status: 409,
    message: 'Records of {object} have {limit} {what} already, which is the most.',
    remedy: 'Remove or purge what is not needed any more.',
  },
  TABLE_HAS_NO_ROOM: {
    status: 409,
    message: 'The table of {object} has no room for another column.',
    remedy:
      'PostgreSQL counts 1,600 columns of a table, those of purged fields included; restore the client from a backup to begin anew.',
  },
  COMPANY_IN_USE: {
    status: 409,
    message:
      '{contacts} contacts, {companies} companies and {deals} deals belong to the company {id}{unseen}.',
    remedy: 'Move them first, or delete with ?unlink=true, which leaves them without it.',
  },
  EXTERNAL_ID_TAKEN: {
    status: 409,
    message: 'The external_id {external_id} belongs to {holder}.',
    remedy: 'Change that deal, or give another external_id.',
  },
  PIPELINE_NAME_TAKEN: {
    status: 409,
    message: 'The pipeline {id} is called {name}.',
    remedy: 'Give another name, or change that pipeline.',
  },
  PIPELINE_IS_DEFAULT: {
    status: 409,
    message: 'The pipeline {id} is the default one.',
    remedy: 'Make another one the default first: PATCH it with {"is_default": true}.',
  },
  PIPELINE_IN_USE: {
    status: 409,
    message: '{deals} deals are in the pipeline {id}.',
    remedy: 'Move them to another pipeline, or delete them, first.',
  },
  STAGE_IN_USE: {
    status: 409,
    message: '{deals} deals are in the stage {name} ({id}).',
    remedy:
      'Delete it with a stage for them: DELETE /api/v1/crm/pipelines/{pipeline_id}/stages/{id}?move_to=...',
  },
  TOO_MANY_PIPELINES: {
    status: 409,
    message: 'There are {limit} pipelines already.',
    remedy: 'Delete one that no deal is in.',
  },
  PRODUCT_IN_USE: {
    status: 409,
    message: '{deals} deals have the product {id} in their lines.',
    remedy: 'Set its is_active to false, so that no new line names it.',
  },
  PRODUCT_CODE_TAKEN: {
    status: 409,
    message: 'The product {id} has the code {code}.',
    remedy: 'Change that product, or give another code.',
  },
  IMPORT_ENDED: {
    status: 409,
    message: 'The import {id} has already ended as {status}.',
    remedy: 'Nothing is left to cancel; start a new import if one is needed.',
  },
  IMPORT_STARTED: {
    status: 409,
    message: 'The import {id} has been started: it is {status}.',
    remedy: 'Wait for its end, or cancel it and upload the file again.',
  },
  TOO_MANY_RECORDS: {
    status: 409,
    message: 'The change would touch {records} records; one request changes at most {limit}.',
    remedy:
      'Change fewer at a time: delete the activities of a record before it, and give records fields by an import, which has no such bound.',
  },
  UPLOAD_TOO_LARGE: {
    status: 413,
    message: 'The file is larger than {max_bytes} bytes.',
    remedy: 'Split the file, or raise import_max_bytes in the configuration of crm_integration.',
  },
  ROW_TOO_LONG: {
    status: 413,
    message: 'The row that begins on line {line} is longer than {max_bytes} bytes.',
    remedy: 'Look for a quote on that line that is never closed, or shorten the row.',
  },
  FILE_NOT_CSV: {
    status: 415,
    message: 'The file is {kind}, not CSV.',
    remedy: 'Open it in the program it is for, save or export it as CSV (UTF-8), and send that file.',
  },
  UPLOAD_TYPE_UNSUPPORTED: {
    status: 415,
    message: 'A file sent as {content_type} is not accepted; accepted is text/csv.',
    remedy: 'Send the CSV file itself as the body, with the header Content-Type: text/csv.',
  },
  CHARSET_UNSUPPORTED: {
    status: 415,
    message:
      'The character set {charset} is not accepted; accepted are utf-8, utf-16le, utf-16be and windows-1252.',
    remedy: 'Save the file as UTF-8, or leave the character set out to have it detected.',
  },
  RECORDS_BUSY: {
    status: 503,
    message: 'The table of the records was in use all the time, such as by an export or a long import.',
    remedy: 'Nothing was changed; try again when that has ended.',
  },
  SYNC_NOT_CONFIGURED: {
    status: 409,
    message: 'Records are exchanged with no outside system: the provider of CRM is builtin.',
    remedy:
      'Set features.crm_integration.provider to salesforce, see docs/how-to/connect-salesforce.md; the records that are here stay.',
  },
  SYNC_ORGANISATION_CHANGED: {
    status: 409,
    message: 'Records were exchanged with {found} so far, and instance_url is {address} now.',
    remedy:
      'Set instance_url back, or give up what is known of the other organisation with DELETE /api/v1/crm/sync/connection: records stay, and those without an e-mail or domain come again as new ones.',
  },
  SYNC_RUNNING: {
    status: 409,
    message: 'A run of the exchange is {run_status}.',
    remedy: 'Wait for its end, or cancel it: POST /api/v1/crm/sync/runs/{run_id}/cancel.',
  },
  SYNC_RUN_NOT_FOUND: {
    status: 404,
    message: 'No run of the exchange has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/sync/runs.',
  },
  SYNC_RUN_ENDED: {
    status: 409,
    message: 'The run {id} has ended: it is {run_status}.',
    remedy: 'Start another one: POST /api/v1/crm/sync/runs.',
  },
  SYNC_CONFLICT_NOT_FOUND: {
    status: 404,
    message: 'No conflict has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/sync/conflicts. One that is settled is gone.',
  },
  SYNC_CONFLICT_UNDECIDABLE: {
    status: 409,
    message: 'The conflict {id} cannot be decided for the local side: {reason}.',
    remedy: 'Decide for the remote side, or change the record in the outside system.',
  },
  SYNC_REJECTION_NOT_FOUND: {
    status: 404,
    message: 'No rejection has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/sync/rejections. One that was settled is gone.',
  },
  SYNC_DELETION_NOT_FOUND: {
    status: 404,
    message: 'No deletion has the id {id}.',
    remedy: 'List what there is: GET /api/v1/crm/sync/deletions.',
  },
  SYNC_MAPPING_INVALID: {
    status: 400,
    message: 'The mapping does not fit the outside system as it is now: {list}.',
    remedy: 'Look at it and correct it: POST /api/v1/crm/sync/mapping/preview.',
  },
  SYNC_OWNER_UNKNOWN: {
    status: 500,
    message: 'sync.{setting} is {value}, which nobody here is.',
    remedy: 'Name a user by name or id, or a team by id, or leave it out.',
  },
  ...salesforceErrors,
} as const;

/** Creates an error of this plugin's table. */
export const crmError = defineErrors(crmErrors);

/** Who holds what is taken, for the caller: with its id only where the caller may see it. */
export function holderOf(
  noun: string,
  id: string | undefined,
): { readonly holder: string; readonly id?: string } {
  if (id === undefined) return { holder: `another ${noun}, which you may not see` };
  return { holder: `the ${noun} ${id}`, id };
}

import { defineContract, defineEvent } from '@orchestrall/sdk';
import { Id, Instant, Nullable } from '@orchestrall/sdk/resources';
import type { ListRequest, Page } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { Activity } from './activities/schemas.ts';
import type { ActivityInput } from './activities/schemas.ts';
import { AssociatedKind } from './associations/schemas.ts';
import { Company } from './companies/schemas.ts';
import type { CompanyInput } from './companies/schemas.ts';
import { Contact } from './contacts/schemas.ts';
import type { ContactInput } from './contacts/schemas.ts';
import { Deal } from './deals/schemas.ts';
import type { DealInput } from './deals/schemas.ts';
import { List } from './lists/schemas.ts';
import { Pipeline } from './pipelines/fields.ts';
import { products } from './products/resource.ts';
import type { TimelineContribution, TimelineSubject } from './timeline/contribution.ts';
import { TimelineEntry } from './timeline/schemas.ts';
import { SavedView } from './views/schemas.ts';

export { Activity, Company, Contact, Deal, Pipeline, TimelineEntry };
export type {
  ActivityInput,
  CompanyInput,
  ContactInput,
  DealInput,
  ListRequest,
  Page,
  TimelineContribution,
  TimelineSubject,
};

const changed = Type.Array(Type.String(), { description: 'Names of the fields that changed.' });

/** A contact was created; subject is its id. */
export const contactCreated = defineEvent('contact.created', Type.Object({ contact: Contact }));
/** Fields of a contact changed; `contact` is the state after, subject its id. */
export const contactUpdated = defineEvent('contact.updated', Type.Object({ contact: Contact, changed }));
/** A contact was deleted; `contact` is its last state, subject its id. */
export const contactDeleted = defineEvent('contact.deleted', Type.Object({ contact: Contact }));
/** All that tells of a contact was erased; delete what you keep of it. Subject is its id, which is all that is left. */
export const contactErased = defineEvent('contact.erased', Type.Object({ id: Id }));
/** A company was created; subject is its id. */
export const companyCreated = defineEvent('company.created', Type.Object({ company: Company }));
/** Fields of a company changed; `company` is the state after, subject its id. */
export const companyUpdated = defineEvent('company.updated', Type.Object({ company: Company, changed }));
/** A company was deleted; `company` is its last state, subject its id. */
export const companyDeleted = defineEvent('company.deleted', Type.Object({ company: Company }));

/** A deal was created; subject is its id. */
export const dealCreated = defineEvent('deal.created', Type.Object({ deal: Deal }));
/** Fields of a deal changed; `deal` is the state after, subject its id. */
export const dealUpdated = defineEvent('deal.updated', Type.Object({ deal: Deal, changed }));
/** A deal was deleted; `deal` is its last state, subject its id. */
export const dealDeleted = defineEvent('deal.deleted', Type.Object({ deal: Deal }));

const place = Type.Object({
  pipeline_id: Id,
  pipeline_name: Type.String(),
  stage_id: Id,
  stage_name: Type.String(),
});
/** A deal went from one stage to another, where it had been since `entered_at`; subject is its id. */
export const dealStageChanged = defineEvent(
  'deal.stage_changed',
  Type.Object({
    deal: Deal,
    from: Type.Object({ ...place.properties, entered_at: Instant, left_at: Instant }),
    to: place,
  }),
);
/** A deal came into a stage that is won; subject is its id. */
export const dealWon = defineEvent('deal.won', Type.Object({ deal: Deal }));
/** A deal came into a stage that is lost; subject is its id. */
export const dealLost = defineEvent('deal.lost', Type.Object({ deal: Deal }));

/** A pipeline was created; subject is its id. */
export const pipelineCreated = defineEvent('pipeline.created', Type.Object({ pipeline: Pipeline }));
/** A pipeline or its stages changed; `pipeline` is the state after, subject its id. */
export const pipelineUpdated = defineEvent('pipeline.updated', Type.Object({ pipeline: Pipeline, changed }));
/** A pipeline was deleted; `pipeline` is its last state, subject its id. */
export const pipelineDeleted = defineEvent('pipeline.deleted', Type.Object({ pipeline: Pipeline }));

/** An activity was created; subject is its id. */
export const activityCreated = defineEvent('activity.created', Type.Object({ activity: Activity }));
/** Fields of an activity changed; `activity` is the state after, subject its id. */
export const activityUpdated = defineEvent('activity.updated', Type.Object({ activity: Activity, changed }));
/** An activity was deleted; `activity` is its last state, subject its id. */
export const activityDeleted = defineEvent('activity.deleted', Type.Object({ activity: Activity }));
/** The `reminder_at` of an activity has come, told once and within about a minute; subject is the activity's id. */
export const activityReminderDue = defineEvent('activity.reminder_due', Type.Object({ activity: Activity }));

const related = Type.Object({ kind: AssociatedKind, id: Id });
/** Two records that are associated: a contact before a company before a deal, of one kind the one with the lower id. */
export const AssociationLink = Type.Object({
  records: Type.Array(related, { minItems: 2, maxItems: 2 }),
  role: Nullable(Type.String()),
});
export type AssociationLink = Static<typeof AssociationLink>;
/** Two records were associated; subject is the first one's id. */
export const associationCreated = defineEvent('association.created', AssociationLink);
/** The role in an association changed; subject is the first record's id. */
export const associationUpdated = defineEvent('association.updated', AssociationLink);
/** An association ended, by itself or with one of its records; subject is the first record's id. */
export const associationDeleted = defineEvent('association.deleted', AssociationLink);

const contributed = Type.Object({
  subject: related,
  entry: Type.Pick(TimelineEntry, ['id', 'kind', 'title', 'text', 'link', 'source', 'occurred_at']),
});
/** A plugin has shown something in a record's timeline; subject is the record's id. */
export const timelineEntryAdded = defineEvent('timeline_entry.added', contributed);
/** A plugin has taken it away again; subject is the record's id. */
export const timelineEntryRemoved = defineEvent('timeline_entry.removed', contributed);

/** A tag was renamed on all records; each of them emits its own `updated` event too. Subject is the old tag. */
export const tagRenamed = defineEvent(
  'tag.renamed',
  Type.Object({
    from: Type.String(),
    to: Type.String(),
    contacts: Type.Integer(),
    companies: Type.Integer(),
    deals: Type.Integer(),
    activities: Type.Integer(),
  }),
);

/** Two contacts were made one; `contact` is the one that is left, as it is now, `merged_id` the other's. Subject is what is left. */
export const contactMerged = defineEvent('contact.merged', Type.Object({ contact: Contact, merged_id: Id }));
/** Two companies were made one, likewise. */
export const companyMerged = defineEvent('company.merged', Type.Object({ company: Company, merged_id: Id }));

/** Two records were found that may be one; subject is the pair's id. */
export const duplicateFound = defineEvent(
  'duplicate.found',
  Type.Object({
    id: Id,
    kind: Type.Unsafe<'contact' | 'company'>({ type: 'string', enum: ['contact', 'company'] }),
    record_ids: Type.Array(Id, { minItems: 2, maxItems: 2, description: 'The lower id first.' }),
    score: Type.Integer({ minimum: 0, maximum: 100 }),
    reasons: Type.Array(Type.String()),
  }),
);

/** A list was made; subject is its id. */
export const listCreated = defineEvent('list.created', Type.Object({ list: List }));
/** Fields of a list changed; `list` is the state after, subject its id. */
export const listUpdated = defineEvent('list.updated', Type.Object({ list: List, changed }));
/** A list was deleted; `list` is its last state, subject its id. */
export const listDeleted = defineEvent('list.deleted', Type.Object({ list: List }));
/** Members came to a list or left it; subject is the list's id. Those that leave by being deleted are not told. */
export const listMembersChanged = defineEvent(
  'list.members_changed',
  Type.Object({
    list_id: Id,
    kind: Type.String(),
    added: Type.Integer({ minimum: 0 }),
    removed: Type.Integer({ minimum: 0 }),
  }),
);

/** A view was saved; subject is its id. */
export const viewCreated = defineEvent('view.created', Type.Object({ view: SavedView }));
/** Fields of a saved view changed; `view` is the state after, subject its id. */
export const viewUpdated = defineEvent('view.updated', Type.Object({ view: SavedView, changed }));
/** A saved view was deleted; `view` is its last state, subject its id. */
export const viewDeleted = defineEvent('view.deleted', Type.Object({ view: SavedView }));

const customField = Type.Object({
  custom_field: Type.Object({
    id: Id,
    object: Type.String({ description: 'The kind of record, such as contacts.' }),
    name: Type.String(),
    answered_as: Type.String({ description: 'How records call it.' }),
    label: Type.String(),
    type: Type.String(),
    version: Type.Integer(),
  }),
});
/** A custom field was declared, or is back with its data; records of its kind have it from now on. Subject is its id. */
export const customFieldCreated = defineEvent('custom_field.created', customField);
/** What is said of a custom field changed; `custom_field` is the state after. Subject is its id. */
export const customFieldUpdated = defineEvent('custom_field.updated', customField);
/** A custom field was removed; records have it no longer, its data are kept. Subject is its id. */
export const customFieldRemoved = defineEvent('custom_field.removed', customField);
/** The data of a removed custom field were deleted for good. Subject is its id. */
export const customFieldPurged = defineEvent('custom_field.purged', customField);

const imported = Type.Object({
  import_id: Id,
  object: Type.Unsafe<'contacts' | 'companies' | 'deals' | 'activities'>({
    type: 'string',
    enum: ['contacts', 'companies', 'deals', 'activities'],
  }),
  reason: Nullable(Type.String()),
  rows_total: Type.Integer(),
  rows_created: Type.Integer(),
  rows_updated: Type.Integer(),
  rows_failed: Type.Integer(),
});
/** What the endings of an import say. */
export type ImportEnding = Static<typeof imported>;
const { reason: _, ...counts } = imported.properties;
const progressed = Type.Object({
  ...counts,
  dry_run: Type.Boolean(),
  bytes_total: Type.Integer(),
  bytes_done: Type.Integer(),
});
/** How far an import is. */
export type ImportProgress = Static<typeof progressed>;
/** An import read on, told at most once a second while it runs and not kept. Subject is the import's id. */
export const importProgressed = defineEvent('import.progressed', progressed);
/** A dry run ended: the counts say what would be, `reason` why it stopped before the end. Subject is the import's id. */
export const importChecked = defineEvent('import.checked', imported);
/** An import read its file to the end; some rows may have failed. Subject is the import's id. */
export const importCompleted = defineEvent('import.completed', imported);
/** An import stopped for the reason given; what it had committed stays. Subject is the import's id. */
export const importFailed = defineEvent('import.failed', imported);
/** An import was cancelled; what it had committed stays. Subject is the import's id. */
export const importCancelled = defineEvent('import.cancelled', imported);

const synced = {
  run_id: Id,
  records_created: Type.Integer(),
  records_updated: Type.Integer(),
  records_deleted: Type.Integer(),
  records_given: Type.Integer(),
  records_rejected: Type.Integer(),
  conflicts: Type.Integer(),
};
/** A run of the exchange with an outside system came to its end. Subject is the run's id. */
export const syncCompleted = defineEvent('sync.completed', Type.Object(synced));
/** A run ended early, or objects were refused; what it had committed stays. Subject is the run's id. */
export const syncFailed = defineEvent(
  'sync.failed',
  Type.Object({ ...synced, code: Type.String(), reason: Type.String() }),
);
/** A record changed on both sides; `field` is empty for the record itself. Holds no value. Subject is the record's id. */
export const syncConflicted = defineEvent(
  'sync.conflicted',
  Type.Object({
    object: Type.String(),
    external_id: Type.String(),
    local_id: Id,
    field: Type.String(),
    reason: Type.String(),
    settled: Type.Boolean({ description: 'Whether the mapping took their side by itself.' }),
  }),
);

/** On whose behalf a record is written; shown in its timeline. */
export interface Actor {
  readonly id: string;
  readonly name: string;
}

/**
 * Contacts, companies, deals and what is done about them, for other plugins. Methods throw the errors that the HTTP routes
 * answer with: `VALIDATION_FAILED`, `CURSOR_INVALID`, `EMAIL_TAKEN`, `DOMAIN_TAKEN`, `EXTERNAL_ID_TAKEN`, and
 * `CONTACT_NOT_FOUND` and its like for each kind.
 */
export interface CrmService {
  /** The contact, or undefined when there is none. */
  findContact(id: string): Promise<Contact | undefined>;
  /** The contact with this e-mail in any spelling of case, or undefined. */
  findContactByEmail(email: string): Promise<Contact | undefined>;
  /** A page of contacts; oldest first where no order is asked for. */
  listContacts(request: ListRequest): Promise<Page<Contact>>;
  createContact(input: ContactInput, by: Actor): Promise<Contact>;
  /** Applies a JSON merge patch. */
  updateContact(id: string, patch: ContactInput, by: Actor): Promise<Contact>;
  /** The company, or undefined when there is none. */
  findCompany(id: string): Promise<Company | undefined>;
  /** A page of companies, likewise. */
  listCompanies(request: ListRequest): Promise<Page<Company>>;
  createCompany(input: CompanyInput, by: Actor): Promise<Company>;
  /** The deal, or undefined when there is none. */
  findDeal(id: string): Promise<Deal | undefined>;
  /** A page of deals, likewise. */
  listDeals(request: ListRequest): Promise<Page<Deal>>;
  createDeal(input: DealInput, by: Actor): Promise<Deal>;
  /** Applies a JSON merge patch. */
  updateDeal(id: string, patch: Partial<DealInput>, by: Actor): Promise<Deal>;
  /** The activity, or undefined when there is none. */
  findActivity(id: string): Promise<Activity | undefined>;
  /** A page of activities, likewise. */
  listActivities(request: ListRequest): Promise<Page<Activity>>;
  createActivity(input: ActivityInput, by: Actor): Promise<Activity>;
  /** Applies a JSON merge patch. */
  updateActivity(id: string, patch: Partial<ActivityInput>, by: Actor): Promise<Activity>;
  /** Adds a note about a contact: an activity of the type `note`. */
  addContactNote(contactId: string, text: string, by: Actor): Promise<void>;
  /**
   * Shows something in the timeline of a record, for as long as the record is there or until it is taken away, also while
   * this plugin is off. `by.id` is the name of the calling plugin. Once a record has an entry of this plugin with this
   * key, nothing is changed and that entry is given.
   */
  addTimelineEntry(entry: TimelineContribution, by: Actor): Promise<TimelineEntry>;
  /** Takes away what the plugin named by `by.id` has shown; throws `TIMELINE_ENTRY_NOT_FOUND`. */
  removeTimelineEntry(
    entry: { readonly subject: TimelineSubject; readonly key: string },
    by: Actor,
  ): Promise<void>;
}

/** What other plugins need to call CRM: `needs: { crm: required(crmContract, '^1.0.0') }`. */
export const crmContract = defineContract<CrmService>()({
  name: 'crm',
  version: '1.0.0',
  events: [
    contactCreated,
    contactUpdated,
    contactDeleted,
    contactErased,
    companyCreated,
    companyUpdated,
    companyDeleted,
    dealCreated,
    dealUpdated,
    dealDeleted,
    dealStageChanged,
    dealWon,
    dealLost,
    pipelineCreated,
    pipelineUpdated,
    pipelineDeleted,
    products.events.created,
    products.events.updated,
    products.events.deleted,
    associationCreated,
    associationUpdated,
    associationDeleted,
    activityCreated,
    activityUpdated,
    activityDeleted,
    activityReminderDue,
    timelineEntryAdded,
    timelineEntryRemoved,
    tagRenamed,
    contactMerged,
    companyMerged,
    duplicateFound,
    listCreated,
    listUpdated,
    listDeleted,
    listMembersChanged,
    viewCreated,
    viewUpdated,
    viewDeleted,
    customFieldCreated,
    customFieldUpdated,
    customFieldRemoved,
    customFieldPurged,
    importProgressed,
    importChecked,
    importCompleted,
    importFailed,
    importCancelled,
    syncCompleted,
    syncFailed,
    syncConflicted,
  ],
});

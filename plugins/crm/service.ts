import type { Caller, Database, PluginContext } from '@orchestrall/sdk';
import { changeRecords } from '@orchestrall/sdk/resources';
import type { BulkResource, ResourceService } from '@orchestrall/sdk/resources';
import { createAccess } from './access/rules.ts';
import type { ActivityFields } from './activities/fields.ts';
import type { ActivityInput } from './activities/schemas.ts';
import { createAssociationService } from './associations/service.ts';
import type { Associations } from './associations/service.ts';
import { createCompanyService } from './companies/service.ts';
import type { Companies } from './companies/service.ts';
import type { CrmConfig } from './config.ts';
import { createContactService } from './contacts/service.ts';
import type { Contacts } from './contacts/service.ts';
import type { Actor, CrmService } from './contract.ts';
import { createDealService } from './deals/service.ts';
import type { Deals } from './deals/service.ts';
import { crmError } from './errors.ts';
import { createExports } from './exports/service.ts';
import type { Exports } from './exports/service.ts';
import type { Exchange } from './exchange/service.ts';
import { listsChanges, setUpExchange } from './exchange/set-up.ts';
import { createImportService } from './imports/service.ts';
import type { ImportScope } from './imports/scope.ts';
import type { Imports } from './imports/service.ts';
import { createCustomFieldChanges } from './custom-fields/flow.ts';
import type { CustomFieldChanges } from './custom-fields/flow.ts';
import { createCustomFieldService } from './custom-fields/service.ts';
import type { CustomFields } from './custom-fields/service.ts';
import { readFieldSets } from './custom-fields/set-up.ts';
import { findDuplicates } from './duplicates/find.ts';
import { regionOf } from './duplicates/matching/phone-number.ts';
import { createDuplicates } from './duplicates/service.ts';
import type { Duplicates } from './duplicates/service.ts';
import type { SweptKind } from './duplicates/sweep.ts';
import { createKinds, kindsOfFields, tablesByKind } from './kinds.ts';
import type { Kinds } from './kinds.ts';
import { createLists } from './lists/service.ts';
import type { Lists } from './lists/service.ts';
import { createMerge } from './merge/service.ts';
import type { Merge } from './merge/service.ts';
import { isCurrency } from './money/currency.ts';
import { createPersonalData } from './personal-data/service.ts';
import type { PersonalData } from './personal-data/service.ts';
import { createPipelineService } from './pipelines/service.ts';
import type { Pipelines } from './pipelines/service.ts';
import { createBulkService } from './records/bulk.ts';
import type { CommonFields, RecordKind } from './records/kind.ts';
import { createOwners } from './records/owners.ts';
import { createRecordService } from './records/service.ts';
import type { RecordService, RecordServiceOptions } from './records/service.ts';
import { createSearch } from './search/service.ts';
import type { Search } from './search/service.ts';
import { noteChanges } from './sync/sql-state.ts';
import { createTagService } from './tags/service.ts';
import type { Tags } from './tags/service.ts';
import { createTimeline } from './timeline/service.ts';
import type { Timeline } from './timeline/service.ts';
import { createViews } from './views/service.ts';
import type { Views } from './views/service.ts';

/** Everything the routes call. */
export interface Crm {
  readonly database: Database;
  readonly kinds: Kinds;
  readonly importScope: ImportScope;
  readonly contacts: Contacts;
  readonly companies: Companies;
  readonly deals: Deals;
  readonly pipelines: Pipelines;
  readonly activities: RecordService<ActivityFields>;
  readonly associations: Associations;
  readonly tags: Tags;
  readonly timeline: Timeline;
  readonly imports: Imports;
  readonly exports: Exports;
  readonly search: Search;
  readonly lists: Lists;
  readonly views: Views;
  /** The service of each kind of records, by the kind's name. */
  readonly records: ReadonlyMap<string, ResourceService>;
  readonly personalData: PersonalData;
  /** Kinds of records whose changes by filter are served. */
  readonly bulk: readonly BulkResource[];
  readonly duplicates: Duplicates;
  /** What the sweep for duplicates looks at. */
  readonly swept: readonly SweptKind[];
  readonly merge: Merge;
  readonly customFields: CustomFields;
  readonly customFieldChanges: CustomFieldChanges;
  /** With the outside system that the client's YAML names; undefined with the provider `builtin`. */
  readonly exchange: Exchange | undefined;
}

/** Builds the services on what the host gives, and on the fields that administrators have added. */
export async function createCrm(context: PluginContext<CrmConfig, {}>): Promise<Crm> {
  const { config, database, directory, history, jobs, log, reload } = context;
  const access = createAccess(config.access, tablesByKind);
  const sets = await readFieldSets(database, kindsOfFields);
  const noted = (await listsChanges(context)) ? noteChanges : undefined;
  const { kinds, swept } = findDuplicates(
    createKinds(access, sets, { currency: currencyOf(config), noted }),
    phoneRegionOf(config),
  );
  const customFields = createCustomFieldService({ database, access, kinds: kindsOfFields });
  const importScope = { kinds, access, tables: tablesByKind };
  const all: readonly RecordKind[] = Object.values(kinds);
  const lists = createLists(all, { database, access });
  const records = { database, access, tables: tablesByKind, lists, owners: createOwners(directory) };
  const contacts = createContactService(kinds.contacts, records);
  const companies = createCompanyService(kinds, records);
  const deals = createDealService(kinds, records);
  const activities = createRecordService(kinds.activities, records);
  return {
    database,
    kinds,
    importScope,
    contacts,
    companies,
    activities,
    deals,
    pipelines: createPipelineService(kinds, database),
    associations: createAssociationService(kinds, records),
    tags: createTagService(kinds, { database, access }),
    timeline: createTimeline(kinds, records),
    imports: createImportService({
      database,
      scope: importScope,
      jobs,
      log,
      maxBytes: config.import_max_bytes,
    }),
    exports: createExports({ kinds, access, services: { contacts, companies, deals, activities } }),
    search: createSearch(all, { database, access, lists }),
    lists,
    views: createViews(all, { database, access }),
    records: new Map<string, ResourceService>([
      ['contact', contacts],
      ['company', companies],
      ['deal', deals],
      ['activity', activities],
    ]),
    personalData: createPersonalData({ database, history, kinds, config }),
    bulk: [
      bulkOf(kinds.contacts, contacts, records),
      bulkOf(kinds.companies, companies, records),
      bulkOf(kinds.deals, deals, records),
      bulkOf(kinds.activities, activities, records),
    ],
    duplicates: createDuplicates(kinds, records, jobs),
    swept,
    merge: createMerge(kinds, records),
    customFields,
    customFieldChanges: createCustomFieldChanges({ database, service: customFields, reload, log }),
    exchange: await setUpExchange(context, { kinds: all, tables: tablesByKind, sets }),
  };
}

/** The part of it that other plugins may call; they see and write everything. */
export function createContractService({
  database,
  contacts,
  companies,
  deals,
  activities,
  timeline,
}: Crm): CrmService {
  const createActivity = (input: ActivityInput, by: Actor) =>
    changeRecords(database, (tx) => activities.create(tx, input, pluginFor(by)));
  return {
    findContact: (id) => contacts.find(id, everyone),
    findContactByEmail: (email) => contacts.findByEmail(email),
    listContacts: (request) => contacts.page(request, everyone, ''),
    createContact: (input, by) => changeRecords(database, (tx) => contacts.create(tx, input, pluginFor(by))),
    updateContact: (id, patch, by) =>
      changeRecords(database, (tx) => contacts.update(tx, id, patch, pluginFor(by))),
    findCompany: (id) => companies.find(id, everyone),
    listCompanies: (request) => companies.page(request, everyone, ''),
    createCompany: (input, by) => changeRecords(database, (tx) => companies.create(tx, input, pluginFor(by))),
    findDeal: (id) => deals.find(id, everyone),
    listDeals: (request) => deals.page(request, everyone, ''),
    createDeal: (input, by) => changeRecords(database, (tx) => deals.create(tx, input, pluginFor(by))),
    updateDeal: (id, patch, by) =>
      changeRecords(database, (tx) => deals.update(tx, id, patch, pluginFor(by))),
    findActivity: (id) => activities.find(id, everyone),
    listActivities: (request) => activities.page(request, everyone, ''),
    createActivity: (input, by) => createActivity(input, by),
    updateActivity: (id, patch, by) =>
      changeRecords(database, (tx) => activities.update(tx, id, patch, pluginFor(by))),
    addContactNote: async (contactId, text, by) => {
      // One that is not there is the caller's mistake, not that of a field of the note.
      if ((await contacts.find(contactId, everyone)) === undefined)
        throw crmError('CONTACT_NOT_FOUND', { id: contactId });
      await createActivity({ type: 'note', body: text, records: [{ kind: 'contact', id: contactId }] }, by);
    },
    addTimelineEntry: (entry, by) => timeline.add(entry, by),
    removeTimelineEntry: ({ subject, key }, by) => timeline.remove(subject, key, by),
  };
}

function bulkOf<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  service: RecordService<Fields>,
  options: RecordServiceOptions,
): BulkResource {
  return { resource: { ...kind, plural: kind.table }, service: createBulkService(kind, service, options) };
}

function currencyOf({ default_currency: currency }: CrmConfig): string {
  if (isCurrency(currency)) return currency;
  throw crmError('CURRENCY_UNKNOWN', { currency });
}

function phoneRegionOf({ default_region: code }: CrmConfig): ReturnType<typeof regionOf> {
  const region = code === undefined ? undefined : regionOf(code);
  if (code === region) return region;
  throw crmError('REGION_UNKNOWN', { region: code });
}

/** A plugin that acts on somebody's behalf: it may what an administrator may, and owns nothing. */
function pluginFor({ id, name }: Actor): Caller {
  return { id, name, kind: 'service', roles: ['admin'], teams: [], leads: [] };
}

const everyone = pluginFor({ id: 'plugin', name: 'plugin' });

import type { PluginContext } from '@orchestrall/sdk';
import { createAssociationService } from './associations/service.ts';
import type { Associations } from './associations/service.ts';
import { createCompanyService } from './companies/service.ts';
import type { Companies } from './companies/service.ts';
import type { CrmConfig } from './config.ts';
import { createContactService } from './contacts/service.ts';
import type { Contacts } from './contacts/service.ts';
import type { CrmService } from './contract.ts';
import { createExports } from './exports/service.ts';
import type { Exports } from './exports/service.ts';
import { createImportService } from './imports/service.ts';
import type { Imports } from './imports/service.ts';
import { createTagService } from './tags/service.ts';
import type { Tags } from './tags/service.ts';
import { createTimeline } from './timeline/service.ts';
import type { Timeline } from './timeline/service.ts';

/** Everything the routes call. */
export interface Crm {
  readonly contacts: Contacts;
  readonly companies: Companies;
  readonly associations: Associations;
  readonly tags: Tags;
  readonly timeline: Timeline;
  readonly imports: Imports;
  readonly exports: Exports;
}

/** Builds the services on what the host gives. */
export function createCrm(
  context: Pick<PluginContext<CrmConfig, {}>, 'config' | 'database' | 'jobs' | 'log'>,
): Crm {
  const { config, database, jobs, log } = context;
  return {
    contacts: createContactService(database),
    companies: createCompanyService(database),
    associations: createAssociationService(database),
    tags: createTagService(database),
    timeline: createTimeline(database),
    imports: createImportService({ database, jobs, maxBytes: config.import_max_bytes, log }),
    exports: createExports(database),
  };
}

/** The part of it that other plugins may call. */
export function createContractService({ contacts, companies, timeline }: Crm): CrmService {
  return {
    findContact: (id) => contacts.find(id),
    findContactByEmail: (email) => contacts.findByEmail(email),
    listContacts: ({ cursor, limit, ...filter }) => contacts.list(filter, { cursor, limit }),
    createContact: (input, by) => contacts.create(input, by),
    updateContact: (id, patch, by) => contacts.update(id, patch, by),
    findCompany: (id) => companies.find(id),
    listCompanies: ({ cursor, limit, ...filter }) => companies.list(filter, { cursor, limit }),
    createCompany: (input, by) => companies.create(input, by),
    addContactNote: async (contactId, text, by) => {
      await timeline.addNote('contact', contactId, text, by);
    },
  };
}

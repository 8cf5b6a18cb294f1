import type { Routes } from '@orchestrall/sdk';
import { resourceRoutes } from '@orchestrall/sdk/resources';
import type { Crm } from '../service.ts';

const routes: Routes<Crm> = async (app, { kinds, contacts, database }) => {
  const resource = {
    ...kinds.contacts,
    plural: 'contacts',
    requireMatch: true,
    merges: true,
    notes: {
      list: 'Oldest first. With `q` those whose name, e-mail or phone has words beginning with its words.',
      create: 'Needs a name or an e-mail. Emits `contact.created`.',
      delete:
        'For good, with its associations and timeline; audit keeps what it was. Emits `contact.deleted`.',
    },
  };
  resourceRoutes({ app, resource, service: contacts, database });
};
export default routes;

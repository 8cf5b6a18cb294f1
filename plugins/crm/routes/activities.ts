import type { Routes } from '@orchestrall/sdk';
import { resourceRoutes } from '@orchestrall/sdk/resources';
import type { Crm } from '../service.ts';

const routes: Routes<Crm> = async (app, { kinds, activities, database }) => {
  const resource = {
    ...kinds.activities,
    plural: 'activities',
    requireMatch: true,
    notes: {
      list:
        'Oldest first. Those about a record with `record_id`, in the order of time with `sort=-occurred_at`; what is ' +
        'overdue with the filter `{"status":"open","due_at":{"lt":"2026-11-20T08:30:00Z"}}`.',
      create: 'Needs a type, and a subject or a body. Emits `activity.created`.',
      delete: 'For good; audit keeps what it was. Emits `activity.deleted`.',
    },
  };
  resourceRoutes({ app, resource, service: activities, database });
};
export default routes;

import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { IdParams, Nothing, callerOf, changeRecords, resourceRoutes } from '@orchestrall/sdk/resources';
import type { Crm } from '../service.ts';
import { AnsweredView, ViewInput } from '../views/schemas.ts';

const path = '/api/v1/crm/views';
const tags = ['views'];
const response = { 204: Nothing, ...problems(400, 401, 403, 404, 409, 422, 429) };

const routes: Routes<Crm> = async (app, { database, views }) => {
  const resource = {
    name: 'view',
    plural: 'views',
    path,
    record: AnsweredView,
    input: ViewInput,
    requireMatch: true,
    access: { write: 'viewer' as const },
    notes: {
      list: 'Those that are shared with the caller.',
      create: 'A filter, an order and fields of one kind of records. Emits `view.created`.',
      delete: 'By its owner or an administrator. Emits `view.deleted`.',
    },
  };
  resourceRoutes({ app, resource, service: views, database });

  app.put(
    `${path}/:id/default`,
    {
      config: { access: 'viewer', idempotent: true },
      schema: {
        tags,
        operationId: 'setDefaultView',
        summary: 'Begin with a view',
        description: 'For the caller alone, in place of another view of the same kind.',
        params: IdParams,
        response,
      },
    },
    async (request, reply) => {
      const answer = await changeRecords(database, async (tx) => {
        await views.setDefault(tx, request.params.id, callerOf(request));
        return tx.answer({ status: 204 });
      });
      return sendAnswer(reply, answer);
    },
  );

  app.delete(
    `${path}/:id/default`,
    {
      config: { access: 'viewer', idempotent: true },
      schema: {
        tags,
        operationId: 'unsetDefaultView',
        summary: 'Begin with no view in particular',
        params: IdParams,
        response,
      },
    },
    async (request, reply) => {
      const answer = await changeRecords(database, async (tx) => {
        await views.unsetDefault(tx, request.params.id, callerOf(request));
        return tx.answer({ status: 204 });
      });
      return sendAnswer(reply, answer);
    },
  );
};
export default routes;

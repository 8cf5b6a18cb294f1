import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import {
  IdParams,
  Nothing,
  callerOf,
  changeRecords,
  requireVersion,
  resourceRoutes,
  versionHeaders,
} from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Crm } from '../service.ts';

const DeleteQuery = Type.Object({
  unlink: Type.Optional(
    Type.Boolean({
      description:
        'Leave its contacts, its deals and the companies below it without it; else it is refused while it has any.',
    }),
  ),
});

const routes: Routes<Crm> = async (app, { kinds, companies, database }) => {
  const resource = {
    ...kinds.companies,
    plural: 'companies',
    requireMatch: true,
    merges: true,
    notes: {
      list: 'Oldest first. With `q` those whose name, domain or phone has words beginning with its words.',
      create: 'Needs a name. Emits `company.created`.',
    },
    except: ['delete' as const],
  };
  resourceRoutes({ app, resource, service: companies, database });

  app.delete(
    `${kinds.companies.path}/:id`,
    {
      config: { access: 'operator', idempotent: true },
      schema: {
        tags: ['companies'],
        operationId: 'deleteCompany',
        summary: 'Delete a company',
        description:
          'For good, with its associations and timeline; audit keeps what it was. Refused with 409 while contacts ' +
          'or deals have it as their company or companies are below it, unless `unlink=true`. Emits `company.deleted`.',
        params: IdParams,
        headers: versionHeaders(true),
        querystring: DeleteQuery,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 409, 410, 412, 422, 428, 429) },
      },
    },
    async (request, reply) => {
      const ifMatch = request.headers['if-match'];
      requireVersion(ifMatch);
      const by = callerOf(request);
      const answer = await changeRecords(database, async (tx) => {
        await companies.remove(tx, request.params.id, by, ifMatch, request.query.unlink);
        return tx.answer({ status: 204 });
      });
      return sendAnswer(reply, answer);
    },
  );
};
export default routes;

import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import {
  IdParams,
  PageOf,
  callerOf,
  listParameters,
  pageParameters,
  resourceRoutes,
} from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { DealStage, ForecastSum } from '../deals/schemas.ts';
import { outcomes } from '../pipelines/stage.ts';
import type { Outcome } from '../pipelines/stage.ts';
import type { Crm } from '../service.ts';

const tags = ['deals'];
const status = Type.Unsafe<Outcome | 'all'>({
  type: 'string',
  enum: [...outcomes, 'all'],
  description: 'Deals of this status alone; default `open`.',
});

const routes: Routes<Crm> = async (app, { kinds, deals, database }) => {
  const { path, filters } = kinds.deals;
  const resource = {
    ...kinds.deals,
    plural: 'deals',
    requireMatch: true,
    notes: {
      list: 'Oldest first. With `q` those whose name or external_id has words beginning with its words.',
      create:
        'Needs a name. Emits `deal.created`, and `deal.won` or `deal.lost` for one that begins in such a stage.',
      delete:
        'For good, with its lines, contacts and timeline; audit keeps what it was. Emits `deal.deleted`.',
    },
  };
  resourceRoutes({ app, resource, service: deals, database });

  app.get(
    `${path}/forecast`,
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'forecastDeals',
        summary: 'Read what deals come to, by pipeline, stage and currency',
        description:
          'Number, amounts and weighted values of the deals that the caller sees and that the filters meet. Sums are ' +
          'exact; currencies are never added to each other.',
        querystring: Type.Object({
          filter: listParameters.filter,
          ...filters,
          status: Type.Optional(status),
        }),
        response: { 200: Type.Object({ items: Type.Array(ForecastSum) }), ...problems(400, 401, 403, 429) },
      },
    },
    async (request) => {
      const { filter, status: asked = 'open', ...own } = request.query;
      return { items: await deals.forecast({ filter, filters: own }, asked, callerOf(request)) };
    },
  );

  app.get(
    `${path}/:id/stages`,
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listStagesOfDeal',
        summary: 'Read which stages a deal has been in',
        description: 'When it came, when it left, and how long it was there; the present stage first.',
        params: IdParams,
        querystring: Type.Object(pageParameters),
        response: { 200: PageOf(DealStage), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request) => deals.stagesOf(request.params.id, request.query, callerOf(request)),
  );
};
export default routes;

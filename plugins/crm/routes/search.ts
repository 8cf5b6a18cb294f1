import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { callerOf } from '@orchestrall/sdk/resources';
import { SearchAnswer, SearchQuery } from '../search/schemas.ts';
import type { Crm } from '../service.ts';

const routes: Routes<Crm> = async (app, { search }) => {
  app.get(
    '/api/v1/crm/search',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['search'],
        operationId: 'searchRecords',
        summary: 'Search records of all kinds',
        description:
          'Best first: names, then e-mails and domains, phones, and other texts. Case and accents do not matter, words ' +
          'may be begun, phones are found in any spelling and by their last digits. Where fewer than five ' +
          'are found, words with a typing error are taken too: one from 4 letters on, two from 8. Of words that more than ' +
          '100 records of a kind have, the newest 100 are weighed.',
        querystring: SearchQuery,
        response: { 200: SearchAnswer, ...problems(400, 401, 403, 429) },
      },
    },
    async (request) => search.search(request.query, callerOf(request)),
  );
};
export default routes;

import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { PageOf, callerOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Crm } from '../service.ts';
import { TagCount, TagQuery, TagRename } from '../tags/schemas.ts';

const tags = ['tags'];
const TagParams = Type.Object({ tag: Type.String({ minLength: 1, maxLength: 200 }) });

const routes: Routes<Crm> = async (app, crm) => {
  app.get(
    '/api/v1/crm/tags',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listTags',
        summary: 'List the tags in use',
        description: 'By name, with how many records of each kind carry it, of those that the caller sees.',
        querystring: TagQuery,
        response: { 200: PageOf(TagCount), ...problems(400, 401, 403, 429) },
      },
    },
    async (request) => crm.tags.list(request.query, callerOf(request)),
  );

  app.patch(
    '/api/v1/crm/tags/:tag',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'renameTag',
        summary: 'Rename a tag on every record',
        description:
          'All records that the caller sees and may write, up to 10,000, change in one transaction; each emits its own ' +
          '`updated` event, and the whole `tag.renamed`. Renaming to a tag that exists merges the two.',
        params: TagParams,
        body: TagRename,
        response: { 200: TagCount, ...problems(400, 401, 403, 404, 409, 415, 429, 507) },
      },
    },
    async (request) => crm.tags.rename(request.params.tag, request.body.name, callerOf(request)),
  );
};
export default routes;

import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import Type from 'typebox';
import { Company, CompanyInput, CompanyPatch, CompanyQuery } from '../companies/schemas.ts';
import { PageOf } from '../fields/schemas.ts';
import { etagOf } from '../records/if-match.ts';
import { IdParams, Nothing, VersionHeaders, actorOf } from '../route-parts.ts';
import type { Crm } from '../service.ts';

const tags = ['companies'];

const DeleteQuery = Type.Object({
  unlink: Type.Optional(
    Type.Boolean({
      description: 'Leave its contacts without a company; else it is refused while it has any.',
    }),
  ),
});

const routes: Routes<Crm> = async (app, { companies }) => {
  app.get(
    '/api/v1/crm/companies',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listCompanies',
        summary: 'List and search companies',
        description:
          'Oldest first. With `q` those whose name, domain or phone has words beginning with its words.',
        querystring: CompanyQuery,
        response: { 200: PageOf(Company), ...problems(400, 401, 403, 429) },
      },
    },
    async ({ query: { cursor, limit, ...filter } }) => companies.list(filter, { cursor, limit }),
  );

  app.post(
    '/api/v1/crm/companies',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'createCompany',
        summary: 'Create a company',
        description: 'Needs a name. Emits `company.created`.',
        body: CompanyInput,
        response: { 201: Company, ...problems(400, 401, 403, 409, 415, 429, 507) },
      },
    },
    async (request, reply) => {
      const company = await companies.create(request.body, actorOf(request));
      return reply
        .code(201)
        .headers({ location: `/api/v1/crm/companies/${company.id}`, etag: etagOf(company) })
        .send(company);
    },
  );

  app.get(
    '/api/v1/crm/companies/:id',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'getCompany',
        summary: 'Read a company',
        description: 'Its ETag is its version; give it back in `If-Match` to change only what was read.',
        params: IdParams,
        response: { 200: Company, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const company = await companies.get(request.params.id);
      return reply.header('etag', etagOf(company)).send(company);
    },
  );

  app.patch(
    '/api/v1/crm/companies/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'updateCompany',
        summary: 'Change a company',
        description:
          'A JSON merge patch (RFC 7396): given fields replace, `null` clears, lists are replaced whole. ' +
          'Emits `company.updated` unless nothing changes.',
        consumes: ['application/merge-patch+json', 'application/json'],
        params: IdParams,
        headers: VersionHeaders,
        body: CompanyPatch,
        response: { 200: Company, ...problems(400, 401, 403, 404, 409, 412, 415, 429, 507) },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request;
      const company = await companies.update(params.id, body, actorOf(request), headers['if-match']);
      return reply.header('etag', etagOf(company)).send(company);
    },
  );

  app.delete(
    '/api/v1/crm/companies/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'deleteCompany',
        summary: 'Delete a company',
        description:
          'For good, with its associations and timeline; audit keeps what it was. Refused with 409 while contacts ' +
          'have it as their company, unless `unlink=true`. Emits `company.deleted`.',
        params: IdParams,
        headers: VersionHeaders,
        querystring: DeleteQuery,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 409, 412, 429) },
      },
    },
    async (request, reply) => {
      const { params, query, headers } = request;
      const options = { unlink: query.unlink, ifMatch: headers['if-match'] };
      await companies.remove(params.id, actorOf(request), options);
      return reply.code(204).send();
    },
  );
};
export default routes;

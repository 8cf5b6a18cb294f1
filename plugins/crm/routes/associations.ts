import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { Id, IdParams, Nothing, PageOf, callerOf, pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { AssociationInput, CompanyContact, ContactCompany } from '../associations/schemas.ts';

import type { Crm } from '../service.ts';

const tags = ['associations'];
const PairParams = Type.Object({ id: Id, company_id: Id });
const PageQuery = Type.Object(pageParameters);

const routes: Routes<Crm> = async (app, { associations }) => {
  app.get(
    '/api/v1/crm/contacts/:id/companies',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listCompaniesOfContact',
        summary: 'List the companies of a contact',
        description: 'Those it is associated with, with its role, and the one that is its `company_id`.',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: PageOf(ContactCompany), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request) => associations.companiesOf(request.params.id, request.query, callerOf(request)),
  );

  app.get(
    '/api/v1/crm/companies/:id/contacts',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listContactsOfCompany',
        summary: 'List the contacts of a company',
        description: 'Those associated with it, with their role, and those that have it as `company_id`.',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: PageOf(CompanyContact), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request) => associations.contactsOf(request.params.id, request.query, callerOf(request)),
  );

  app.put(
    '/api/v1/crm/contacts/:id/companies/:company_id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'putAssociation',
        summary: 'Associate a contact with a company',
        description: 'Or change the role. Emits `association.created` or `association.updated`.',
        params: PairParams,
        body: AssociationInput,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 415, 429, 507) },
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      await associations.put(params.id, params.company_id, body.role ?? null, callerOf(request));
      return reply.code(204).send();
    },
  );

  app.delete(
    '/api/v1/crm/contacts/:id/companies/:company_id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'deleteAssociation',
        summary: 'End an association',
        description: 'The contact’s `company_id` stays as it is. Emits `association.deleted`.',
        params: PairParams,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const { params } = request;
      await associations.remove(params.id, params.company_id, callerOf(request));
      return reply.code(204).send();
    },
  );
};
export default routes;

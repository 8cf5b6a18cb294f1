import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { Id, IdParams, Nothing, PageOf, callerOf, pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { ContactDeal, DealContact, DealContactInput } from '../deals/contact-schemas.ts';
import type { Crm } from '../service.ts';

const tags = ['deals'];
const LinkParams = Type.Object({ id: Id, contact_id: Id });
const PageQuery = Type.Object(pageParameters);

const routes: Routes<Crm> = async (app, { deals: { contacts } }) => {
  app.get(
    '/api/v1/crm/deals/:id/contacts',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listContactsOfDeal',
        summary: 'List the contacts of a deal',
        description: 'With what each of them is in it.',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: PageOf(DealContact), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request) => contacts.contactsOf(request.params.id, request.query, callerOf(request)),
  );

  app.get(
    '/api/v1/crm/contacts/:id/deals',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listDealsOfContact',
        summary: 'List the deals of a contact',
        description: 'With what the contact is in each of them.',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: PageOf(ContactDeal), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request) => contacts.dealsOf(request.params.id, request.query, callerOf(request)),
  );

  app.put(
    '/api/v1/crm/deals/:id/contacts/:contact_id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'putDealContact',
        summary: 'Add a contact to a deal',
        description: 'Or change its role. Emits `deal_contact.created` or `deal_contact.updated`.',
        params: LinkParams,
        body: DealContactInput,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 415, 429, 507) },
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      await contacts.put(params.id, params.contact_id, body.role ?? null, callerOf(request));
      return reply.code(204).send();
    },
  );

  app.delete(
    '/api/v1/crm/deals/:id/contacts/:contact_id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'deleteDealContact',
        summary: 'Take a contact from a deal',
        description: 'Emits `deal_contact.deleted`.',
        params: LinkParams,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const { params } = request;
      await contacts.remove(params.id, params.contact_id, callerOf(request));
      return reply.code(204).send();
    },
  );
};
export default routes;

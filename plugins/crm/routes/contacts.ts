import { problems } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { Contact, ContactInput, ContactQuery } from '../contacts/schemas.ts';
import { PageOf } from '../fields/schemas.ts';
import { etagOf } from '../records/if-match.ts';
import { IdParams, Nothing, VersionHeaders, actorOf } from '../route-parts.ts';
import type { Crm } from '../service.ts';

const tags = ['contacts'];

const routes: Routes<Crm> = async (app, { contacts }) => {
  app.get(
    '/api/v1/crm/contacts',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listContacts',
        summary: 'List and search contacts',
        description:
          'Oldest first. With `q` those whose name, e-mail or phone has words beginning with its words.',
        querystring: ContactQuery,
        response: { 200: PageOf(Contact), ...problems(400, 401, 403, 429) },
      },
    },
    async ({ query: { cursor, limit, ...filter } }) => contacts.list(filter, { cursor, limit }),
  );

  app.post(
    '/api/v1/crm/contacts',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'createContact',
        summary: 'Create a contact',
        description: 'Needs a name or an e-mail. Emits `contact.created`.',
        body: ContactInput,
        response: { 201: Contact, ...problems(400, 401, 403, 409, 415, 429, 507) },
      },
    },
    async (request, reply) => {
      const contact = await contacts.create(request.body, actorOf(request));
      return reply
        .code(201)
        .headers({ location: `/api/v1/crm/contacts/${contact.id}`, etag: etagOf(contact) })
        .send(contact);
    },
  );

  app.get(
    '/api/v1/crm/contacts/:id',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'getContact',
        summary: 'Read a contact',
        description: 'Its ETag is its version; give it back in `If-Match` to change only what was read.',
        params: IdParams,
        response: { 200: Contact, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const contact = await contacts.get(request.params.id);
      return reply.header('etag', etagOf(contact)).send(contact);
    },
  );

  app.patch(
    '/api/v1/crm/contacts/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'updateContact',
        summary: 'Change a contact',
        description:
          'A JSON merge patch (RFC 7396): given fields replace, `null` clears, lists are replaced whole. ' +
          'Emits `contact.updated` unless nothing changes.',
        consumes: ['application/merge-patch+json', 'application/json'],
        params: IdParams,
        headers: VersionHeaders,
        body: ContactInput,
        response: { 200: Contact, ...problems(400, 401, 403, 404, 409, 412, 415, 429, 507) },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request;
      const contact = await contacts.update(params.id, body, actorOf(request), headers['if-match']);
      return reply.header('etag', etagOf(contact)).send(contact);
    },
  );

  app.delete(
    '/api/v1/crm/contacts/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        operationId: 'deleteContact',
        summary: 'Delete a contact',
        description:
          'For good, with its associations and timeline; audit keeps what it was. Emits `contact.deleted`.',
        params: IdParams,
        headers: VersionHeaders,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 412, 429) },
      },
    },
    async ({ params, headers }, reply) => {
      await contacts.remove(params.id, headers['if-match']);
      return reply.code(204).send();
    },
  );
};
export default routes;

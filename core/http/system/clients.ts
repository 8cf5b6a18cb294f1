import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import { Client, NewClient } from '../../auth/accounts/client.ts';
import type { Clients } from '../../auth/accounts/clients.ts';
import { pageOf, pageQuery } from './schemas.ts';

const Id = Type.Object({ client_id: Type.String({ minLength: 1, maxLength: 100 }) });
/** No route that answers with it is `idempotent`: answers are kept as they are. */
const secret = Type.String({ description: 'Shown this once; kept as a hash only.' });

/** `/api/v1/system/clients`: programs that get tokens from the built-in identity provider, for themselves or for people. */
export function clientRoutes(app: HttpInstance, clients: Clients): void {
  const tags = ['clients'];
  const path = '/api/v1/system/clients';
  const config = { access: 'admin' } as const;
  app.get(
    path,
    {
      config,
      schema: {
        operationId: 'listClients',
        summary: 'Lists the clients by id',
        tags,
        querystring: Type.Object(pageQuery),
        response: { 200: pageOf(Client) },
      },
    },
    async (request) => clients.list(request.query),
  );

  app.post(
    path,
    {
      config,
      schema: {
        operationId: 'createClient',
        summary:
          'Creates a client: with `roles` for a program of its own, with `redirect_uris` for one that people use',
        tags,
        body: NewClient,
        response: { 201: Type.Object({ client: Client, secret: Type.Optional(secret) }) },
      },
    },
    async (request, reply) => reply.code(201).send(await clients.create(request.body)),
  );

  app.get(
    `${path}/:client_id`,
    {
      config,
      schema: {
        operationId: 'getClient',
        summary: 'Shows a client',
        tags,
        params: Id,
        response: { 200: Client },
      },
    },
    async (request) => clients.get(request.params.client_id),
  );

  for (const act of ['disable', 'enable'] as const) {
    app.post(
      `${path}/:client_id/${act}`,
      {
        config,
        schema: {
          operationId: `${act}Client`,
          summary: act === 'disable' ? 'Disables a client and ends all its tokens' : 'Enables a client',
          tags,
          params: Id,
          response: { 200: Client },
        },
      },
      async (request) => clients[act](request.params.client_id),
    );
  }

  app.post(
    `${path}/:client_id/rotate-secret`,
    {
      config,
      schema: {
        operationId: 'rotateClientSecret',
        summary: 'Gives a client a new secret; the former one and all tokens of the client end',
        tags,
        params: Id,
        response: { 200: Type.Object({ client: Client, secret }) },
      },
    },
    async (request) => clients.rotateSecret(request.params.client_id),
  );
}

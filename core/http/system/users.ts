import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import { NewUser, RoleName, User } from '../../auth/accounts/user.ts';
import type { Users } from '../../auth/accounts/users.ts';
import { pageOf, pageQuery } from './schemas.ts';

const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100, description: 'Id or name.' }) });
/** Shown this once, so that no route that answers with it is `idempotent`: answers are kept as they are. */
const WithPassword = Type.Object({
  user: User,
  password: Type.Optional(Type.String({ description: 'Only when it was made up here; shown this once.' })),
});

/** `/api/v1/system/users`: who may sign in to the built-in identity provider. */
export function userRoutes(app: HttpInstance, users: Users): void {
  const tags = ['users'];
  const path = '/api/v1/system/users';
  const config = { access: 'admin' } as const;
  app.get(
    path,
    {
      config,
      schema: {
        operationId: 'listUsers',
        summary: 'Lists the users by name',
        tags,
        querystring: Type.Object(pageQuery),
        response: { 200: pageOf(User) },
      },
    },
    async (request) => users.list(request.query),
  );

  app.post(
    path,
    {
      config,
      schema: {
        operationId: 'createUser',
        summary: 'Creates a user',
        tags,
        body: NewUser,
        response: { 201: WithPassword },
      },
    },
    async (request, reply) => reply.code(201).send(await users.create(request.body)),
  );

  app.get(
    `${path}/:id`,
    {
      config,
      schema: { operationId: 'getUser', summary: 'Shows a user', tags, params: Id, response: { 200: User } },
    },
    async (request) => users.get(request.params.id),
  );

  app.put(
    `${path}/:id/roles`,
    {
      config,
      schema: {
        operationId: 'setUserRoles',
        summary: 'Replaces the roles of a user; its access tokens end',
        tags,
        params: Id,
        body: Type.Object({ roles: Type.Array(RoleName, { uniqueItems: true, maxItems: 4 }) }),
        response: { 200: User },
      },
    },
    async (request) => users.setRoles(request.params.id, request.body.roles),
  );

  for (const act of ['disable', 'enable'] as const) {
    app.post(
      `${path}/:id/${act}`,
      {
        config,
        schema: {
          operationId: `${act}User`,
          summary: act === 'disable' ? 'Disables a user and ends its sessions' : 'Enables a user',
          tags,
          params: Id,
          response: { 200: User },
        },
      },
      async (request) => users[act](request.params.id),
    );
  }

  app.post(
    `${path}/:id/reset-password`,
    {
      config,
      schema: {
        operationId: 'resetUserPassword',
        summary: 'Sets a new password, made up when none is given, and ends the sessions',
        tags,
        params: Id,
        body: Type.Object({ password: Type.Optional(Type.String({ maxLength: 1_024 })) }),
        response: { 200: WithPassword },
      },
    },
    async (request) => {
      const given = request.body.password;
      const { user, password } = await users.resetPassword(request.params.id, given);
      return given === undefined ? { user, password } : { user };
    },
  );
}

import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import { NewTeam, Team, TeamChange, TeamMember } from '../../auth/accounts/team.ts';
import type { Teams } from '../../auth/accounts/teams.ts';
import { pageOf, pageQuery } from './schemas.ts';

const id = Type.String({ minLength: 1, maxLength: 100 });
const user = Type.String({ minLength: 1, maxLength: 100, description: 'Id or name of a user.' });
const Id = Type.Object({ id });

/** `/api/v1/system/teams`: which users of the built-in identity provider work together, and who leads them. */
export function teamRoutes(app: HttpInstance, teams: Teams): void {
  const tags = ['teams'];
  const path = '/api/v1/system/teams';
  const config = { access: 'admin' } as const;
  app.get(
    path,
    {
      config,
      schema: {
        operationId: 'listTeams',
        summary: 'Lists the teams by name',
        tags,
        querystring: Type.Object(pageQuery),
        response: { 200: pageOf(Team) },
      },
    },
    async (request) => teams.list(request.query),
  );

  app.post(
    path,
    {
      config,
      schema: {
        operationId: 'createTeam',
        summary: 'Creates a team',
        tags,
        body: NewTeam,
        response: { 201: Team },
      },
    },
    async (request, reply) => reply.code(201).send(await teams.create(request.body)),
  );

  app.get(
    `${path}/:id`,
    {
      config,
      schema: { operationId: 'getTeam', summary: 'Shows a team', tags, params: Id, response: { 200: Team } },
    },
    async (request) => teams.get(request.params.id),
  );

  app.patch(
    `${path}/:id`,
    {
      config,
      schema: {
        operationId: 'updateTeam',
        summary: 'Changes name and description of a team',
        tags,
        params: Id,
        body: TeamChange,
        response: { 200: Team },
      },
    },
    async (request) => teams.update(request.params.id, request.body),
  );

  app.delete(
    `${path}/:id`,
    {
      config,
      schema: {
        operationId: 'deleteTeam',
        summary: 'Deletes a team; its members stay users',
        tags,
        params: Id,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await teams.delete(request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.put(
    `${path}/:id/lead`,
    {
      config,
      schema: {
        operationId: 'setTeamLead',
        summary: 'Lets a member lead a team; null: nobody',
        tags,
        params: Id,
        body: Type.Object({ user: Type.Union([user, Type.Null()]) }, { additionalProperties: false }),
        response: { 200: Team },
      },
    },
    async (request) => teams.setLead(request.params.id, request.body.user),
  );

  memberRoutes(app, teams);
}

function memberRoutes(app: HttpInstance, teams: Teams): void {
  const tags = ['teams'];
  const path = '/api/v1/system/teams/:id/members';
  const config = { access: 'admin' } as const;
  const params = Type.Object({ id, user });
  app.get(
    path,
    {
      config,
      schema: {
        operationId: 'listTeamMembers',
        summary: 'Lists the members of a team by name',
        tags,
        params: Id,
        querystring: Type.Object(pageQuery),
        response: { 200: pageOf(TeamMember) },
      },
    },
    async (request) => teams.members(request.params.id, request.query),
  );

  app.put(
    `${path}/:user`,
    {
      config,
      schema: {
        operationId: 'addTeamMember',
        summary: 'Adds a user to a team; a member stays one',
        tags,
        params,
        response: { 200: Team },
      },
    },
    async (request) => teams.addMember(request.params.id, request.params.user),
  );

  app.delete(
    `${path}/:user`,
    {
      config,
      schema: {
        operationId: 'removeTeamMember',
        summary: 'Takes a user out of a team, also as its lead',
        tags,
        params,
        response: { 200: Team },
      },
    },
    async (request) => teams.removeMember(request.params.id, request.params.user),
  );
}

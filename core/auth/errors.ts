import { defineErrors } from '@orchestrall/sdk';

/** Errors of the auth room; part of the core's error table. */
export const authErrors = {
  TOKEN_MISSING: {
    status: 401,
    message: 'This route needs a signed-in caller.',
    remedy: 'Send an access token: `Authorization: Bearer <token>`; `npm run -s token` prints one.',
  },
  TOKEN_INVALID: {
    status: 401,
    message: 'The access token is not accepted.',
    remedy: 'Get a new access token and send it unchanged as `Authorization: Bearer <token>`.',
  },
  ROLE_MISSING: {
    status: 403,
    message: 'The caller lacks the role for this route.',
    remedy: 'Ask an administrator for the role {required}.',
  },
  IDENTITY_UNAVAILABLE: {
    status: 503,
    message: 'Access tokens cannot be checked just now.',
    remedy: 'Try again in a few seconds; if it stays, check the identity provider and the database.',
  },
  ISSUER_UNKNOWN: {
    status: 503,
    message: 'The identity provider has no address yet.',
    remedy: 'Try again once the appliance is ready, or set `server.public_url`.',
  },
  USER_NOT_FOUND: {
    status: 404,
    message: 'No user has the id or name {user}.',
    remedy: 'List the users: GET /api/v1/system/users.',
  },
  USER_EXISTS: {
    status: 409,
    message: 'A user named {name} exists already.',
    remedy: 'Choose another name, or change the existing user.',
  },
  USER_INVALID: {
    status: 400,
    message: 'The user has faulty fields.',
    remedy: 'Correct each field that `faults` names.',
  },
  USER_DISABLED: {
    status: 409,
    message: 'The user {name} is disabled.',
    remedy: 'Enable the user first: POST /api/v1/system/users/{id}/enable.',
  },
  TEAM_NOT_FOUND: {
    status: 404,
    message: 'No team has the id {team}.',
    remedy: 'List the teams: GET /api/v1/system/teams.',
  },
  TEAM_EXISTS: {
    status: 409,
    message: 'A team named {name} exists already, in whatever case.',
    remedy: 'Choose another name, or change the existing team.',
  },
  TEAM_INVALID: {
    status: 400,
    message: 'The team has faulty fields.',
    remedy: 'Correct each field that `faults` names.',
  },
  TEAM_MEMBER_NOT_FOUND: {
    status: 404,
    message: 'The user {user} does not belong to the team {team}.',
    remedy: 'List the members, or add the user: PUT /api/v1/system/teams/{id}/members/{user}.',
  },
  LAST_ADMINISTRATOR: {
    status: 409,
    message: 'The user {name} is the last one with the role admin.',
    remedy: 'Give another user the role admin first.',
  },
  PASSWORD_REFUSED: {
    status: 400,
    message: 'The password is not strong enough.',
    remedy: 'Choose 12 characters or more, at most 1,024 bytes, that are not the user name.',
  },
  CLIENT_NOT_FOUND: {
    status: 404,
    message: 'No client has the id {client}.',
    remedy: 'List the clients and use one of their ids.',
  },
  CLIENT_EXISTS: {
    status: 409,
    message: 'A client with the id {client} exists already.',
    remedy: 'Choose another id, or rotate the secret of the existing client.',
  },
  CLIENT_INVALID: {
    status: 400,
    message: 'The client has faulty fields.',
    remedy: 'Correct each field that `faults` names.',
  },
  CLIENT_BUILT_IN: {
    status: 409,
    message: 'The client {client} belongs to the appliance and cannot be changed.',
    remedy: 'Create a client of your own.',
  },
  SIGN_IN_OVERLOADED: {
    status: 503,
    message: 'Too many sign-ins at once.',
    remedy: 'Try again in a few seconds.',
  },
  CONTROL_IN_USE: {
    status: 503,
    message: 'Another appliance answers on {path}.',
    remedy: 'Stop it first, or use another data folder.',
  },
} as const;

/** Creates an error of the auth room's table. */
export const authError = defineErrors(authErrors);

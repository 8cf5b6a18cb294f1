import { AppError } from '@orchestrall/sdk';
import type { Caller, Log } from '@orchestrall/sdk';
import { chmod, rm } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { createServer } from '../node-http.ts';
import { coreError } from '../errors.ts';
import { withScope } from '../telemetry/scope.ts';
import { RoleName } from './accounts/user.ts';
import type { Auth } from './auth.ts';
import { controlSocketPath } from './control-socket.ts';
import { authError } from './errors.ts';
import { readBody } from './provider/inner-request.ts';

/** Asks for an access token. */
const TokenRequest = Type.Object({ role: RoleName }, { additionalProperties: false });
/** Its answer. */
export const TokenReply = Type.Object({ token: Type.String() });
/** Asks for a new password; one is made up when none is given. */
const ResetRequest = Type.Object(
  { user: Type.String({ minLength: 1 }), password: Type.Optional(Type.String()) },
  { additionalProperties: false },
);
/** Its answer. */
export const ResetReply = Type.Object({ name: Type.String(), password: Type.String() });

/** Whoever may open the socket owns the data folder and so the appliance. */
const localCaller: Caller = {
  id: 'local',
  kind: 'service',
  name: 'local administration',
  roles: ['admin'],
  teams: [],
  leads: [],
};

/** Where the local channel is opened, and what it acts on. */
export interface ControlOptions {
  /** The data folder; must exist. */
  readonly folder: string;
  readonly auth: Pick<Auth, 'issueLocalToken' | 'users'>;
  readonly log: Log;
}

/**
 * Opens the local administrative channel: HTTP on the unix socket `control.sock` in the data folder, for its owner
 * only (0600). `POST /token` and `POST /reset-password`, bodies as above.
 * Throws `CONTROL_IN_USE` when another appliance answers there; what a killed one left is replaced.
 */
export async function startControl({ folder, auth, log }: ControlOptions): Promise<AsyncDisposable> {
  const socket = await controlSocketPath(folder);
  const server = createServer((request, response) => {
    void withScope({ caller: localCaller }, () => answer(request, response, auth, log));
  });
  try {
    if (await answers(socket.path)) throw authError('CONTROL_IN_USE', { path: `${folder}/control.sock` });
    await rm(socket.path, { force: true });
    await listenPrivately(server, socket.path);
  } catch (error) {
    await socket[Symbol.asyncDispose]();
    throw error;
  }
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await socket[Symbol.asyncDispose]();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  auth: ControlOptions['auth'],
  log: Log,
): Promise<void> {
  try {
    const body = await readBody(request);
    if (request.method === 'POST' && request.url === '/token') {
      const { role } = parse(TokenRequest, body);
      return send(response, 200, { token: await auth.issueLocalToken(role) });
    }
    if (request.method === 'POST' && request.url === '/reset-password') {
      const { user, password } = parse(ResetRequest, body);
      const reset = await auth.users.resetPassword(user, password);
      return send(response, 200, { name: reset.user.name, password: reset.password });
    }
    throw coreError('ROUTE_NOT_FOUND', { method: request.method, path: request.url });
  } catch (error) {
    const known = error instanceof AppError ? error : coreError('INTERNAL_ERROR', {}, error);
    if (known.status >= 500) log.error({ error }, 'local administration failed');
    const faults = (known.details.faults ?? []).map(
      ({ path, message }) => `The ${path.slice(1)} ${message}.`,
    );
    send(response, known.status, {
      code: known.code,
      message: [known.message, ...faults].join(' '),
      remedy: known.remedy,
    });
  }
}

function parse<Schema extends TSchema>(schema: Schema, body: string | undefined): Static<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(body ?? '');
  } catch (cause) {
    throw coreError('BODY_MALFORMED', { format: 'JSON' }, cause);
  }
  if (!Check(schema, value)) throw coreError('VALIDATION_FAILED');
  return value;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The socket is made with its final rights: a moment later would be a moment too late. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject).once('listening', resolve);
  });
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
  await chmod(path, 0o600);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

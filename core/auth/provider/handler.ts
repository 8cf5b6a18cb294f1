import { AppError, validationFailed } from '@orchestrall/sdk';
import type { Log } from '@orchestrall/sdk';
import type { Provider } from 'oidc-provider';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentScope } from '../../telemetry/scope.ts';
import { coreError } from '../../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import { answerHeaders } from './pages.ts';
import { realmPath, routes, signInPath } from './paths.ts';
import { innerRequest, readBody } from './inner-request.ts';
import { problemBody, problemType } from './problem.ts';
import type { SignInRequest } from './sign-in.ts';

/** What answers the parts of the realm. */
export interface HandlerOptions {
  /** The provider of now; another one after a change of keys. Rejects with `ISSUER_UNKNOWN`. */
  readonly provider: () => Promise<Provider>;
  readonly accessTokens: AccessTokens;
  readonly signIn: (given: SignInRequest) => Promise<void>;
  readonly log: Log;
}

/** Answers one request below `realmPath`, whatever happens. */
export type AuthHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const tokenRoutes: ReadonlySet<string> = new Set([routes.introspection, routes.revocation]);

/** Creates the Node handler of the whole realm. */
export function createHandler(options: HandlerOptions): AuthHandler {
  const { accessTokens, log } = options;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const outerUrl = request.url ?? '/';
    const path = pathOf(request);
    if (path !== realmPath && !path.startsWith(`${realmPath}/`)) {
      throw coreError('ROUTE_NOT_FOUND', { method: request.method, path });
    }
    // PostgreSQL stores no NUL, neither in text nor in jsonb, and nothing that is meant needs one.
    if (outerUrl.includes('%00')) throw withoutNul();
    const provider = await options.provider();
    const issuer = new URL(provider.issuer);
    const url = outerUrl.slice(realmPath.length) || '/';
    const innerPath = path.slice(realmPath.length);
    const sent = await readBody(request);
    if (sent === undefined) throw coreError('BODY_TOO_LARGE', { maxBytes: 32_768 });
    if (sent.includes('%00') || sent.includes('\0')) throw withoutNul();
    const body =
      request.method === 'POST' && tokenRoutes.has(innerPath)
        ? await withReference(sent, accessTokens)
        : sent;
    const inner = innerRequest(request, { issuer, url, body });
    if (innerPath.startsWith(`${signInPath}/`)) {
      const address = currentScope().remoteAddress ?? request.socket.remoteAddress ?? 'unknown';
      await options.signIn({ provider, request: inner, response, body, address });
      return;
    }
    await provider.callback()(inner, response);
  }

  return async (request, response) => {
    try {
      for (const [name, value] of Object.entries(answerHeaders)) response.setHeader(name, value);
      await answer(request, response);
    } catch (error) {
      const problem = error instanceof AppError ? error : coreError('INTERNAL_ERROR', {}, error);
      if (problem.status >= 500) log.error({ error }, 'identity provider failed');
      if (response.headersSent) response.destroy();
      else sendProblem(response, problem, pathOf(request));
    }
  };
}

function withoutNul(): AppError {
  return validationFailed([{ path: '', message: 'holds a NUL character; send the request without it' }]);
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '/';
}

/** Replaces the one token of a form by what finds it in the provider. */
async function withReference(body: string, accessTokens: AccessTokens): Promise<string> {
  const form = new URLSearchParams(body);
  const [token, ...more] = form.getAll('token');
  if (token === undefined || more.length > 0) return body;
  const reference = await accessTokens.referenceTo(token);
  if (reference === token) return body;
  form.set('token', reference);
  return form.toString();
}

/** RFC 9457, for what never reached the provider. */
function sendProblem(response: ServerResponse, error: AppError, path: string): void {
  // What is left of the body will not be read.
  if (error.status === 413) response.setHeader('connection', 'close');
  if (error.status === 503) response.setHeader('retry-after', '2');
  response
    .writeHead(error.status, { 'content-type': problemType, 'cache-control': 'no-store' })
    .end(JSON.stringify(problemBody(error, path)));
}

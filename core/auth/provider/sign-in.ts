import { AppError } from '@orchestrall/sdk';
import type { Log } from '@orchestrall/sdk';
import type { InteractionDetails, Provider } from 'oidc-provider';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attempts } from '../accounts/attempts.ts';
import type { User } from '../accounts/user.ts';
import type { Users } from '../accounts/users.ts';
import { formTarget, messagePage, pageHeaders, signInPage } from './pages.ts';
import { realmPath, signInPath } from './paths.ts';

/** One request to the sign-in page. */
export interface SignInRequest {
  readonly provider: Provider;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
  /** Address of the caller. */
  readonly address: string;
}

/** What the sign-in page asks and tells. */
export interface SignInOptions {
  readonly users: Users;
  readonly attempts: Attempts;
  /** Key of the forms' tokens. */
  readonly formKey: () => string;
  /** Tells that somebody signed in. */
  readonly onSignedIn: (user: User) => Promise<void>;
  readonly log: Log;
}

/** One text for a wrong name, a wrong password and a disabled user, so that names cannot be found out. */
const wrong = 'The user name or the password is not right.';

/** Creates the sign-in page: shows it, checks what is sent, and hands the user to the provider. */
export function createSignIn(options: SignInOptions): (given: SignInRequest) => Promise<void> {
  const { users, attempts, log } = options;
  const tokenFor = (uid: string): string =>
    createHmac('sha256', options.formKey()).update(`sign-in ${uid}`).digest('base64url');

  async function submit(given: SignInRequest, details: InteractionDetails): Promise<void> {
    const { provider, request, response, address } = given;
    const form = new URLSearchParams(given.body);
    const name = form.get('name') ?? '';
    const show = (status: number, fault: string, retryAfterSeconds?: number): void => {
      if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
      send(response, status, render(details, { name, fault }), targetsOf(details));
    };
    // A browser names a foreign origin; the token is bound to the sign-in that its cookie began.
    const site = request.headers['sec-fetch-site'];
    if (
      (typeof site === 'string' && site !== 'same-origin') ||
      !equal(form.get('csrf') ?? '', tokenFor(details.uid))
    ) {
      log.warn({ reason: 'form_forged' }, 'sign-in refused');
      return show(403, 'This page has expired. Please try again.');
    }
    const waitSeconds = await attempts.begin(name, address);
    if (waitSeconds !== undefined) {
      log.warn({ reason: 'blocked', address }, 'sign-in refused');
      return show(429, `Too many failed attempts. Try again in ${waitSeconds} s.`, waitSeconds);
    }
    const user = await users.authenticate(name, form.get('password') ?? '');
    if (user === undefined) {
      log.warn({ reason: 'credentials', address }, 'sign-in refused');
      return show(401, wrong);
    }
    await attempts.succeed(name, address);
    await options.onSignedIn(user);
    await provider.interactionFinished(request, response, { login: { accountId: user.id, amr: ['pwd'] } });
  }

  function render(details: InteractionDetails, more: { name?: string; fault?: string }): string {
    const clientId = details.params['client_id'];
    return signInPage({
      action: `${realmPath}${signInPath}/${details.uid}`,
      csrf: tokenFor(details.uid),
      clientName: typeof clientId === 'string' ? clientId : 'Orchestrall',
      ...more,
    });
  }

  return async (given) => {
    const { provider, request, response } = given;
    let details: InteractionDetails;
    try {
      details = await provider.interactionDetails(request, response);
    } catch (error) {
      const { errors } = await import('oidc-provider');
      if (!(error instanceof errors.SessionNotFound)) throw error;
      return send(
        response,
        400,
        messagePage('This sign-in has expired', 'Go back to the application and sign in again.'),
      );
    }
    if (request.method === 'GET' || request.method === 'HEAD') {
      const hint = details.params['login_hint'];
      const name = typeof hint === 'string' && hint.length <= 64 ? { name: hint } : {};
      return send(response, 200, render(details, name), targetsOf(details));
    }
    if (request.method !== 'POST') {
      response.setHeader('allow', 'GET, POST');
      return send(
        response,
        405,
        messagePage('Not possible', 'This page is read with GET and sent with POST.'),
      );
    }
    try {
      await submit(given, details);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'SIGN_IN_OVERLOADED') throw error;
      response.setHeader('retry-after', '2');
      send(response, 503, render(details, { fault: error.message }), targetsOf(details));
    }
  };
}

function targetsOf(details: InteractionDetails): readonly string[] {
  const uri = details.params['redirect_uri'];
  return typeof uri === 'string' ? [formTarget(uri)] : [];
}

function send(
  response: ServerResponse,
  status: number,
  html: string,
  formTargets: readonly string[] = [],
): void {
  response.writeHead(status, pageHeaders(formTargets)).end(html);
}

function equal(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

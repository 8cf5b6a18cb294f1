import { AppError } from '@orchestrall/sdk';
import type { Log } from '@orchestrall/sdk';
import { Provider, interactionPolicy } from 'oidc-provider';
import type { Client, Context, Token } from 'oidc-provider';
import { hash, timingSafeEqual } from 'node:crypto';
import { coreError } from '../../errors.ts';
import { extraClientMetadata } from '../accounts/client.ts';
import { hashSecret } from '../accounts/clients.ts';
import type { Users } from '../accounts/users.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Artifacts } from '../tokens/artifacts.ts';
import { accessTokenClaims, toAccount } from './issued-claims.ts';
import { formTarget, messagePage, pageHeaders, signOutPage } from './pages.ts';
import { realmPath, routes, signInPath } from './paths.ts';
import { problemBody, problemType } from './problem.ts';
import type { SigningKeys } from './signing-keys.ts';

/** What oidc-provider is built on. */
export interface ProviderOptions {
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly artifacts: Artifacts;
  readonly users: Users;
  readonly accessTokens: AccessTokens;
  /** Life of an access token. */
  readonly jwtExpirySeconds: number;
  /** Life of a session and of what is refreshed within it. */
  readonly sessionSeconds: number;
  readonly log: Log;
}

const scopes = ['openid', 'profile', 'email', 'roles', 'offline_access'];

/** Builds oidc-provider on our storage, keys and pages. Cheap: a change of keys simply builds another. */
export function createProvider(options: ProviderOptions): Provider {
  const { issuer, artifacts, users, log, sessionSeconds } = options;
  const secure = issuer.startsWith('https:');
  // Cookies know no ports: two appliances on one machine must not overwrite each other's.
  const cookiePrefix = `orchestrall_${hash('sha256', issuer, 'hex').slice(0, 8)}`;
  const cookie = { httpOnly: true, sameSite: 'lax', secure, path: realmPath };
  const policy = interactionPolicy.base();
  // All clients are made by administrators of this appliance; nobody is asked whether to trust them.
  policy.remove('consent');

  const provider: Provider = new Provider(issuer, {
    adapter: (kind: string) => artifacts.adapter(kind),
    jwks: options.keys.privateKeys,
    cookies: {
      keys: [options.keys.cookieKey],
      names: {
        session: `${cookiePrefix}_session`,
        interaction: `${cookiePrefix}_sign_in`,
        resume: `${cookiePrefix}_resume`,
      },
      long: cookie,
      short: { httpOnly: true, sameSite: 'lax', secure },
    },
    routes: { ...routes },
    scopes,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    claims: {
      openid: ['sub'],
      profile: ['preferred_username'],
      email: ['email'],
      roles: ['realm_access'],
    },
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_context: Context, client: { clientAuthMethod: string }) =>
          client.clientAuthMethod !== 'none',
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_context: Context, client: { clientId: string }, token: Token) =>
          client.clientId === token.clientId,
      },
      userinfo: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context: Context, form: string) => {
          const target = context.oidc.params['post_logout_redirect_uri'];
          show(context, signOutPage(form), target === undefined ? [] : [formTarget(target)]);
        },
        postLogoutSuccessSource: (context: Context) =>
          show(context, messagePage('Signed out', 'You are signed out and may close this page.')),
      },
    },
    pkce: { required: () => true },
    extraClientMetadata: { properties: [...extraClientMetadata] },
    interactions: {
      policy,
      url: (_context: Context, interaction: { uid: string }) =>
        `${realmPath}${signInPath}/${interaction.uid}`,
    },
    findAccount: async (_context: Context, id: string) => toAccount(await users.find(id)),
    extraTokenClaims: (context: Context | undefined, token: Token) => accessTokenClaims(context, token),
    issueRefreshToken: (_context: Context, client: { grantTypeAllowed(type: string): boolean }) =>
      client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    loadExistingGrant: (context: Context) => loadGrant(provider, context),
    clientBasedCORS: (_context: Context, origin: string, client: { redirectUris: readonly string[] }) =>
      client.redirectUris.some((uri) => URL.parse(uri)?.origin === origin),
    renderError: (context: Context, out: { error: string; error_description?: string }) =>
      show(context, messagePage('This sign-in cannot go on', out.error_description ?? out.error)),
    clockTolerance: 5,
    ttl: {
      AccessToken: options.jwtExpirySeconds,
      ClientCredentials: options.jwtExpirySeconds,
      IdToken: options.jwtExpirySeconds,
      AuthorizationCode: 60,
      Interaction: 1800,
      RefreshToken: sessionSeconds,
      Session: sessionSeconds,
      Grant: sessionSeconds,
    },
  });
  // Host and scheme are the issuer's: the handler sets these headers itself, whatever the outside sent.
  provider.proxy = true;
  provider.Client.prototype.compareClientSecret = compareSecretHash;
  options.accessTokens.install(provider);
  provider.use(completeIntrospection);
  provider.use(explainUnknownRoute);
  provider.on('server_error', (context, error) => {
    log.error({ error }, 'identity provider failed');
    if (!(error instanceof AppError) || error.status < 503) return;
    context.status = error.status;
    context.set('retry-after', '2');
  });
  provider.on('error', (error) => log.error({ error }, 'identity provider failed'));
  provider.on('grant.error', (context, error) =>
    log.warn({ client: context.oidc.client?.clientId, reason: error.message }, 'token request refused'),
  );
  return provider;
}

function compareSecretHash(this: Client, secret: string): boolean {
  const expected = Buffer.from(this.clientSecret ?? '');
  const given = Buffer.from(hashSecret(secret));
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** Adds what the provider, which stores no audience, leaves out. */
async function completeIntrospection(context: Context, next: () => Promise<void>): Promise<void> {
  await next();
  const { body } = context;
  if (typeof body !== 'object' || body === null || !('active' in body) || body.active !== true) return;
  context.body = {
    ...body,
    aud: 'orchestrall',
    ...('preferred_username' in body ? { username: body.preferred_username } : {}),
  };
}

/** Gives what no route of the provider answered the appliance's usual form. */
async function explainUnknownRoute(context: Context, next: () => Promise<void>): Promise<void> {
  await next();
  if (context.status !== 404 || context.body !== undefined) return;
  const path = `${realmPath}${context.path}`;
  context.body = problemBody(coreError('ROUTE_NOT_FOUND', { method: context.method, path }), path);
  context.status = 404;
  context.type = problemType;
}

/** The session's grant, made at once with every scope, and kept alive as long as the session. */
async function loadGrant(provider: Provider, context: Context): Promise<unknown> {
  const { client, session, account, result } = context.oidc;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const found = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  if (found !== undefined) {
    if (session.exp !== undefined && found.exp < session.exp) {
      found.exp = session.exp;
      await found.save();
    }
    return found;
  }
  if (account === undefined) return undefined;
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope(scopes.join(' '));
  await grant.save();
  return grant;
}

function show(context: Context, html: string, formTargets: readonly string[] = []): void {
  for (const [name, value] of Object.entries(pageHeaders(formTargets))) context.set(name, value);
  context.body = html;
}

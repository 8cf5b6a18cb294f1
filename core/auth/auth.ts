import { createId } from '@orchestrall/sdk';
import type { Caller, Clock, Database, Directory, Log, Role, Secret } from '@orchestrall/sdk';
import type { Provider } from 'oidc-provider';
import { createSeal } from '../database/seal.ts';
import { createAttempts } from './accounts/attempts.ts';
import { createClients, findClientMetadata, localClientId } from './accounts/clients.ts';
import type { Clients } from './accounts/clients.ts';
import { createDirectory } from './accounts/directory.ts';
import { localTokenIssued, signingKeyRotated, userSignedIn } from './accounts/events.ts';
import { createMemberships } from './accounts/memberships.ts';
import { createPasswordHasher } from './accounts/password.ts';
import type { PasswordCost } from './accounts/password.ts';
import { createTeams } from './accounts/teams.ts';
import type { Teams } from './accounts/teams.ts';
import { createUsers } from './accounts/users.ts';
import type { Users } from './accounts/users.ts';
import { authError } from './errors.ts';
import { createAccessTokens } from './provider/access-tokens.ts';
import { createArtifacts } from './tokens/artifacts.ts';
import { createHandler } from './provider/handler.ts';
import type { AuthHandler } from './provider/handler.ts';
import { realmPath } from './provider/paths.ts';
import { createSignIn } from './provider/sign-in.ts';
import { openSigningKeys } from './provider/signing-keys.ts';
import { serviceAccountPrefix } from './tokens/verified-claims.ts';
import { embeddedKeySource } from './tokens/key-source.ts';
import { createRevocations, readRevoked } from './tokens/revocations.ts';
import { createVerifier } from './verify.ts';
import type { Verified } from './verify.ts';

/** How often each replica reads what others revoked, who is in which team and which keys there are. */
const pollMs = 400;
const cleanMs = 60_000;

/** What the embedded identity provider works on, and how long what it gives out lives. */
export interface AuthOptions {
  /** The core's database, with `core/auth/migrations` applied. */
  readonly database: Database;
  /** Encrypts keys at rest; the same for all replicas, 16 characters or more. */
  readonly applianceKey: Secret;
  /**
   * Scheme, host and port under which others reach the appliance, without a path: `server.public_url`, else where it
   * listens; undefined until that is known. It fixes the issuer, so replicas need a common one.
   */
  readonly publicUrl: () => string | undefined;
  /** Life of an access token, seconds; default 300 (`security.jwt_expiry`). */
  readonly jwtExpirySeconds?: number;
  /** Life of a session, seconds; default 36,000 as Keycloak's longest. */
  readonly sessionSeconds?: number;
  /** Default as OWASP advises. */
  readonly passwordCost?: PasswordCost;
  readonly clock: Clock;
  readonly log: Log;
}

/** The embedded identity provider and the check of its tokens. */
export interface Auth extends AsyncDisposable {
  /** Throws `TOKEN_INVALID` (401) or `IDENTITY_UNAVAILABLE` (503); see `Verifier`. */
  verify(token: string): Promise<Caller>;
  /** As `verify`, with the claims and the time that is left. */
  inspect(token: string): Promise<Verified>;
  readonly users: Users;
  readonly teams: Teams;
  /** Users and teams as plugins may ask for them. */
  readonly directory: Directory;
  readonly clients: Clients;
  /** Answers every path at and below `/realms/orchestrall`; never rejects. */
  readonly handler: AuthHandler;
  /** Loads what the handler's first request would load. Rejects with `ISSUER_UNKNOWN` before the address is known. */
  prepare(): Promise<void>;
  /** `iss` of the tokens. Throws `ISSUER_UNKNOWN` before the address is known. */
  issuer(): string;
  /** Makes a new signing key; the former one verifies for `overlapSeconds` more, default 86,400, 0 when it leaked. */
  rotateKeys(options?: { readonly overlapSeconds?: number }): Promise<{ readonly kid: string }>;
  /** An access token for whoever administers this machine; audited. */
  issueLocalToken(role: Role): Promise<string>;
  /** Rejects when keys or revocations cannot be read; for health checks. */
  check(): Promise<void>;
  /** Password of the administrator `admin` when this start created it. */
  readonly firstPassword: string | undefined;
}

/** Opens the identity provider; throws `SEAL_BROKEN` when the appliance key is not the one of the stored keys. */
export async function createAuth(options: AuthOptions): Promise<Auth> {
  const { database, clock, log, jwtExpirySeconds = 300, sessionSeconds = 36_000 } = options;
  const keys = await openSigningKeys({
    database,
    clock,
    seal: createSeal(options.applianceKey, 'auth keys at rest'),
  });
  const memberships = createMemberships(database);
  const revocations = createRevocations({
    async read() {
      // With them, so that neither is ever older than the other may be when a token is checked.
      await memberships.load();
      return readRevoked(database);
    },
    clock,
  });
  const artifacts = createArtifacts({
    database,
    revocations,
    findClient: (clientId) => findClientMetadata(database, clientId),
  });
  const users = createUsers({ database, artifacts, hasher: createPasswordHasher(options.passwordCost) });
  const clients = createClients({ database, artifacts });
  const issuer = (): string => {
    const base = options.publicUrl();
    if (base === undefined) throw authError('ISSUER_UNKNOWN');
    return `${base.replace(/\/+$/, '')}${realmPath}`;
  };
  const verifier = createVerifier({
    issuer,
    keys: embeddedKeySource(keys),
    keySet: () => keys.publicKeys,
    revoked: revocations,
    memberships,
    clock,
    log,
  });
  const accessTokens = createAccessTokens({ keys, verifier });

  let built: { readonly provider: Provider; readonly keys: object } | undefined;
  const provider = async (): Promise<Provider> => {
    // Loaded with the first request or by `prepare`: the protocol's 180 modules are a good part of a start.
    const { createProvider } = await import('./provider/create-provider.ts');
    const wanted = issuer();
    if (built?.provider.issuer !== wanted || built.keys !== keys.privateKeys) {
      const made = createProvider({
        issuer: wanted,
        keys,
        artifacts,
        users,
        accessTokens,
        jwtExpirySeconds,
        sessionSeconds,
        log,
      });
      built = { provider: made, keys: keys.privateKeys };
    }
    return built.provider;
  };
  const signIn = createSignIn({
    users,
    attempts: createAttempts(database),
    formKey: () => keys.cookieKey,
    log,
    onSignedIn: ({ id, name, roles, disabled }) =>
      database.transaction((tx) => {
        const summary = { id, name, roles, disabled };
        tx.emit(userSignedIn, summary, { subject: id, visibleTo: ['admin'] });
        tx.audit({ action: userSignedIn.type, subjectType: 'user', subjectId: id, after: summary });
      }),
  });

  const localClient = await clients.ensureBuiltIn();
  const firstPassword = await users.createFirst();
  await revocations.load();
  const poll = repeat(pollMs, log, async () => {
    await revocations.load();
    await keys.load();
  });
  const cleaning = repeat(cleanMs, log, () => artifacts.clean());

  return {
    users,
    teams: createTeams({ database, memberships }),
    directory: createDirectory(database),
    clients,
    firstPassword,
    issuer,
    verify: (token) => verifier.verify(token),
    inspect: (token) => verifier.inspect(token),
    handler: createHandler({ provider, accessTokens, signIn, log }),
    async prepare() {
      await provider();
    },
    async rotateKeys({ overlapSeconds = 86_400 } = {}) {
      const rotated = await database.transaction(async (tx) => {
        const made = await keys.rotate(tx, overlapSeconds);
        tx.emit(signingKeyRotated, made, { subject: made.kid, visibleTo: ['admin'] });
        tx.audit({
          action: signingKeyRotated.type,
          subjectType: 'signing_key',
          subjectId: made.kid,
          after: made,
        });
        return made;
      });
      await keys.load();
      return rotated;
    },
    async issueLocalToken(role) {
      const tokenIssuer = issuer();
      const jti = createId();
      const issuedAt = Math.floor(clock.now().getTime() / 1000);
      const payload = {
        kind: 'ClientCredentials',
        jti,
        clientId: localClientId,
        iat: issuedAt,
        exp: issuedAt + jwtExpirySeconds,
        extra: {
          typ: 'Bearer',
          azp: localClientId,
          aud: 'orchestrall',
          sub: localClient,
          preferred_username: `${serviceAccountPrefix}${localClientId}`,
          realm_access: { roles: [role] },
        },
      };
      await artifacts.keep('ClientCredentials', jti, payload, jwtExpirySeconds);
      await database.transaction((tx) => {
        tx.emit(localTokenIssued, { jti, role }, { subject: jti, visibleTo: ['admin'] });
        tx.audit({ action: localTokenIssued.type, subjectType: 'access', subjectId: jti, after: { role } });
      });
      return accessTokens.sign(tokenIssuer, payload);
    },
    async check() {
      await revocations.load();
      await keys.load();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([poll.stop(), cleaning.stop()]);
    },
  };
}

/** Runs work again and again, each time a pause after the last has ended; a failure is logged once until it passes. */
function repeat(pauseMs: number, log: Log, work: () => Promise<void>): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let failing = false;
  const run = async (): Promise<void> => {
    try {
      await work();
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ error }, 'identity data cannot be read');
      failing = true;
    }
    if (!stopped) plan();
  };
  const plan = (): void => {
    timer = setTimeout(() => {
      running = run();
    }, pauseMs).unref();
  };
  plan();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

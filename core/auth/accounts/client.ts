import type { Fault } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import { isRole } from '../access.ts';
import { authError } from '../errors.ts';
import { RoleName, roleFaults } from './user.ts';

/** A program that gets tokens, as the API shows it. */
export const Client = Type.Object({
  client_id: Type.String(),
  name: Type.String(),
  public: Type.Boolean({ description: 'Runs where it can keep no secret, such as a browser; needs PKCE.' }),
  redirect_uris: Type.Array(Type.String()),
  post_logout_redirect_uris: Type.Array(Type.String()),
  roles: Type.Array(RoleName, { description: 'Roles of its own account, `service-account-<client_id>`.' }),
  built_in: Type.Boolean(),
  disabled: Type.Boolean(),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
});
export type Client = Static<typeof Client>;

const Uris = Type.Array(Type.String({ format: 'uri', maxLength: 2048 }), { maxItems: 32 });

/** What makes a new client. */
export const NewClient = Type.Object(
  {
    client_id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' }),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: 'Default: the `client_id`.' }),
    ),
    public: Type.Optional(Type.Boolean({ description: 'Default false.' })),
    redirect_uris: Type.Optional(Uris),
    post_logout_redirect_uris: Type.Optional(Uris),
    roles: Type.Optional(Type.Array(RoleName, { uniqueItems: true, maxItems: 4 })),
  },
  { additionalProperties: false },
);
export type NewClient = Static<typeof NewClient>;

/** A client's row. */
export interface ClientRow {
  readonly id: string;
  readonly client_id: string;
  readonly name: string;
  readonly public: boolean;
  readonly built_in: boolean;
  readonly secret_hash: string | null;
  readonly redirect_uris: readonly string[];
  readonly post_logout_redirect_uris: readonly string[];
  readonly roles: readonly string[];
  readonly disabled_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The client as others may see it. */
export function toClient(row: ClientRow): Client {
  return {
    client_id: row.client_id,
    name: row.name,
    public: row.public,
    redirect_uris: [...row.redirect_uris],
    post_logout_redirect_uris: [...row.post_logout_redirect_uris],
    roles: row.roles.filter(isRole),
    built_in: row.built_in,
    disabled: row.disabled_at !== null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** Members of our own that a client's metadata carry through oidc-provider. */
export const extraClientMetadata = ['service_account_id', 'service_account_roles'] as const;

/** The client in oidc-provider's form; the secret's hash stands where it expects the secret. */
export function toMetadata(row: ClientRow): Readonly<Record<string, unknown>> {
  const signsPeopleIn = row.redirect_uris.length > 0;
  return {
    client_id: row.client_id,
    client_name: row.name,
    ...(row.public ? {} : { client_secret: row.secret_hash }),
    token_endpoint_auth_method: row.public ? 'none' : 'client_secret_basic',
    application_type:
      row.public && row.redirect_uris.some((uri) => !uri.startsWith('https:')) ? 'native' : 'web',
    redirect_uris: row.redirect_uris,
    post_logout_redirect_uris: row.post_logout_redirect_uris,
    response_types: signsPeopleIn ? ['code'] : [],
    grant_types: [
      ...(signsPeopleIn ? ['authorization_code', 'refresh_token'] : []),
      ...(row.public ? [] : ['client_credentials']),
    ],
    id_token_signed_response_alg: 'RS256',
    service_account_id: row.id,
    service_account_roles: row.roles,
  };
}

/** Checks a new client; throws `CLIENT_INVALID` with every fault. */
export function checkNewClient(client: NewClient): void {
  const faults: Fault[] = roleFaults(client.roles ?? []);
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(client.client_id)) {
    faults.push({
      path: '/client_id',
      message: 'needs 1 to 64 of a-z, 0-9 and . _ -, beginning with a letter or digit',
    });
  }
  if (client.name !== undefined && !/^[^\p{Cc}]{1,100}$/u.test(client.name)) {
    faults.push({ path: '/name', message: 'needs 1 to 100 characters, none of them a control character' });
  }
  const redirectUris = client.redirect_uris ?? [];
  if (client.public === true && redirectUris.length === 0) {
    faults.push({ path: '/redirect_uris', message: 'needs one address at least for a public client' });
  }
  if (client.public === true && (client.roles ?? []).length > 0) {
    faults.push({
      path: '/roles',
      message: 'must be empty for a public client, which has no account of its own',
    });
  }
  for (const name of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    for (const [index, uri] of (client[name] ?? []).entries()) {
      const message = redirectFault(uri);
      if (message !== undefined) faults.push({ path: `/${name}/${index}`, message });
    }
  }
  if (faults.length > 0) throw authError('CLIENT_INVALID', { faults });
}

const loopbacks = new Set(['127.0.0.1', '[::1]', 'localhost']);

function redirectFault(uri: string): string | undefined {
  const parsed = URL.parse(uri);
  if (parsed === null) return 'needs an absolute address';
  if (/[\p{Cc}\s]/u.test(uri)) return 'must have no spaces or control characters';
  if (parsed.hash !== '' || uri.endsWith('#')) return 'must have no fragment';
  if (parsed.username !== '' || parsed.password !== '') return 'must have no user or password';
  if (parsed.protocol === 'https:') return undefined;
  if (parsed.protocol === 'http:')
    return loopbacks.has(parsed.hostname) ? undefined : 'needs https beyond this machine';
  // Private schemes of native apps hold a reversed domain name (RFC 8252, section 7.1).
  return parsed.protocol.includes('.')
    ? undefined
    : 'needs https, or a private scheme such as com.example.app:';
}

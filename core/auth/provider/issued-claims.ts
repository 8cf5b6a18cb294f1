import type { Account, Context, ModelPayload, Token } from 'oidc-provider';
import type { User } from '../accounts/user.ts';
import { serviceAccountPrefix } from '../tokens/verified-claims.ts';

/** An account as oidc-provider wants it, with the user behind it. */
interface UserAccount extends Account {
  readonly user: User;
}

/** A user as oidc-provider knows it; its claims are those of ID tokens and of the userinfo endpoint. */
export function toAccount(user: User | undefined): UserAccount | undefined {
  if (user === undefined) return undefined;
  return { accountId: user.id, user, claims: () => Promise.resolve({ sub: user.id, ...personClaims(user) }) };
}

/** What is said of a person in every token. */
function personClaims(user: User): Readonly<Record<string, unknown>> {
  return {
    preferred_username: user.name,
    ...(user.email === null ? {} : { email: user.email }),
    realm_access: { roles: user.roles },
  };
}

/** Claims of an access token besides those of RFC 9068, named as Keycloak names them; of a person or of a service. */
export function accessTokenClaims(context: Context | undefined, token: Token): ModelPayload {
  if (token.kind === 'AccessToken') {
    const account = context?.oidc.account;
    if (account === undefined || !isUserAccount(account))
      throw new TypeError('an access token without its user');
    return { typ: 'Bearer', azp: token.clientId, aud: 'orchestrall', ...personClaims(account.user) };
  }
  const client = context?.oidc.client;
  if (client === undefined) throw new TypeError('a service token without its client');
  return {
    typ: 'Bearer',
    azp: token.clientId,
    aud: 'orchestrall',
    sub: client['service_account_id'],
    preferred_username: `${serviceAccountPrefix}${token.clientId}`,
    realm_access: { roles: client['service_account_roles'] },
  };
}

function isUserAccount(account: Account): account is UserAccount {
  return 'user' in account;
}

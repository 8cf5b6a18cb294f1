/** Where the provider is mounted: Keycloak's path of a realm named `orchestrall`. */
export const realmPath = '/realms/orchestrall';

const protocol = '/protocol/openid-connect';

/** Paths below `realmPath`, as Keycloak has them. */
export const routes = {
  authorization: `${protocol}/auth`,
  token: `${protocol}/token`,
  jwks: `${protocol}/certs`,
  userinfo: `${protocol}/userinfo`,
  end_session: `${protocol}/logout`,
  introspection: `${protocol}/token/introspect`,
  revocation: `${protocol}/revoke`,
} as const;

/** Path of the sign-in page below `realmPath`, with the interaction's id behind it. */
export const signInPath = '/sign-in';

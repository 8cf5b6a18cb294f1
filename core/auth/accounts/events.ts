import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';
import { RoleName } from './user.ts';

const UserSummary = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(RoleName),
  disabled: Type.Boolean(),
});
const ClientSummary = Type.Object({
  client_id: Type.String(),
  roles: Type.Array(RoleName),
  disabled: Type.Boolean(),
});

export const userCreated = defineEvent('user.created', UserSummary);
/** Roles were set. */
export const userUpdated = defineEvent('user.updated', UserSummary);
export const userDisabled = defineEvent('user.disabled', UserSummary);
export const userEnabled = defineEvent('user.enabled', UserSummary);
export const userPasswordReset = defineEvent('user.password_reset', UserSummary);
export const userSignedIn = defineEvent('user.signed_in', UserSummary);
export const clientCreated = defineEvent('client.created', ClientSummary);
export const clientSecretRotated = defineEvent('client.secret_rotated', ClientSummary);
export const clientDisabled = defineEvent('client.disabled', ClientSummary);
export const clientEnabled = defineEvent('client.enabled', ClientSummary);
export const signingKeyRotated = defineEvent('signing_key.rotated', Type.Object({ kid: Type.String() }));
/** An access token was made through the local administrative channel. */
export const localTokenIssued = defineEvent(
  'local_token.issued',
  Type.Object({ jti: Type.String(), role: RoleName }),
);

/** Every event of the auth room. */
export const authEvents = [
  userCreated,
  userUpdated,
  userDisabled,
  userEnabled,
  userPasswordReset,
  userSignedIn,
  clientCreated,
  clientSecretRotated,
  clientDisabled,
  clientEnabled,
  signingKeyRotated,
  localTokenIssued,
] as const;

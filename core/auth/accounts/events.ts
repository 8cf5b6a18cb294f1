import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';
import { RoleName } from './user.ts';

const UserSummary = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(RoleName),
  disabled: Type.Boolean(),
});
const teamSummary = {
  id: Type.String(),
  name: Type.String(),
  lead_id: Type.Union([Type.String(), Type.Null()]),
};
const TeamSummary = Type.Object(teamSummary);
const MemberSummary = Type.Object({ ...teamSummary, user_id: Type.String(), user_name: Type.String() });
const ClientSummary = Type.Object({
  client_id: Type.String(),
  roles: Type.Array(RoleName),
  disabled: Type.Boolean(),
});

/** A user was created. */
export const userCreated = defineEvent('user.created', UserSummary);
/** Roles were set. */
export const userUpdated = defineEvent('user.updated', UserSummary);
/** A user can no longer sign in; its sessions and tokens have ended. */
export const userDisabled = defineEvent('user.disabled', UserSummary);
/** A disabled user can sign in again. */
export const userEnabled = defineEvent('user.enabled', UserSummary);
/** A user has a new password; its sessions and tokens have ended. */
export const userPasswordReset = defineEvent('user.password_reset', UserSummary);
/** A person signed in on the page of the embedded provider. */
export const userSignedIn = defineEvent('user.signed_in', UserSummary);
/** A team was created. */
export const teamCreated = defineEvent('team.created', TeamSummary);
/** A team has another name or description. */
export const teamUpdated = defineEvent('team.updated', TeamSummary);
/** A team was deleted; nobody belongs to it any more. */
export const teamDeleted = defineEvent('team.deleted', TeamSummary);
/** A team has another lead, or none. */
export const teamLeadChanged = defineEvent('team.lead_changed', TeamSummary);
/** A user belongs to a team. */
export const teamMemberAdded = defineEvent('team.member_added', MemberSummary);
/** A user belongs to a team no longer. */
export const teamMemberRemoved = defineEvent('team.member_removed', MemberSummary);
/** A client was created. */
export const clientCreated = defineEvent('client.created', ClientSummary);
/** A client has a new secret; the former one and its tokens have ended. */
export const clientSecretRotated = defineEvent('client.secret_rotated', ClientSummary);
/** A client gets no tokens any more; those it had have ended. */
export const clientDisabled = defineEvent('client.disabled', ClientSummary);
/** A disabled client gets tokens again. */
export const clientEnabled = defineEvent('client.enabled', ClientSummary);
/** There is a new signing key, of this id. */
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
  teamCreated,
  teamUpdated,
  teamDeleted,
  teamLeadChanged,
  teamMemberAdded,
  teamMemberRemoved,
  clientCreated,
  clientSecretRotated,
  clientDisabled,
  clientEnabled,
  signingKeyRotated,
  localTokenIssued,
] as const;

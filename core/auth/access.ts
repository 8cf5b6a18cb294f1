import type { Access, Caller, Role } from '@orchestrall/sdk';

/** Every role of the appliance, as it stands in `realm_access.roles`. */
export const allRoles: readonly Role[] = ['admin', 'operator', 'viewer', 'system'];

/** Whether a text names one of the appliance's roles. */
export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && (allRoles as readonly string[]).includes(value);
}

const includedIn: Readonly<Record<Role, readonly Role[]>> = {
  admin: ['admin'],
  operator: ['admin', 'operator'],
  viewer: ['admin', 'operator', 'viewer'],
  system: ['admin', 'system'],
};

/**
 * Whether a caller may use a route with this rule: `admin` may everything, `operator` includes `viewer`, `system`
 * stands beside them; of a list one role is enough. An empty list and a missing caller are refused.
 */
export function isAllowed(access: Access, caller: Caller | undefined): boolean {
  if (access === 'public') return true;
  if (caller === undefined) return false;
  const required: readonly Role[] = typeof access === 'string' ? [access] : access;
  return required.some((role) => includedIn[role]?.some((holder) => caller.roles.includes(holder)) ?? false);
}

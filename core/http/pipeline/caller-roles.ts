import type { Caller } from '@orchestrall/sdk';
import { allRoles, isAllowed } from '../../auth/access.ts';

/** Every role whose rights the caller has, its own and the ones they include; decides which events it may see. */
export function rolesOf(caller: Caller | undefined): readonly string[] {
  return allRoles.filter((role) => isAllowed(role, caller));
}

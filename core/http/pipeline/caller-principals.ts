import type { Caller } from '@orchestrall/sdk';
import { allRoles, isAllowed } from '../../auth/access.ts';

/**
 * What a caller is and holds, in the form of `EmitOptions.visibleTo`: every role whose rights it has, its own and the
 * ones they include, itself as `user:<id>`, its teams as `team:<id>`, those it leads as `lead:<id>`, and
 * each of these with each role, as `operator@team:<id>`. Decides which events it may see.
 */
export function principalsOf(caller: Caller | undefined): ReadonlySet<string> {
  const roles = allRoles.filter((role) => isAllowed(role, caller));
  if (caller === undefined) return new Set(roles);
  const own = [
    `user:${caller.id}`,
    ...caller.teams.map((team) => `team:${team}`),
    ...caller.leads.map((team) => `lead:${team}`),
  ];
  return new Set([...roles, ...own, ...roles.flatMap((role) => own.map((one) => `${role}@${one}`))]);
}

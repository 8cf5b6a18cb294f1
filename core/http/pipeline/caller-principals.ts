import type { Caller } from '@orchestrall/sdk';
import { allRoles, isAllowed } from '../../auth/access.ts';

/**
 * What a caller is and holds, in the form of `EmitOptions.visibleTo`: every role whose rights it has, its own and the
 * ones they include, itself as `user:<id>` and its teams as `team:<id>`. Decides which events it may see.
 */
export function principalsOf(caller: Caller | undefined): ReadonlySet<string> {
  const principals = new Set<string>(allRoles.filter((role) => isAllowed(role, caller)));
  if (caller === undefined) return principals;
  principals.add(`user:${caller.id}`);
  for (const team of caller.teams) principals.add(`team:${team}`);
  return principals;
}

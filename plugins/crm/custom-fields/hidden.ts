import type { Caller, Role } from '@orchestrall/sdk';
import type { FieldSet } from '@orchestrall/sdk/resources';
import type { Access } from '../records/access.ts';
import type { KindName } from '../records/kind.ts';

/** The names of custom fields that a caller does not learn of; such a name need not be one of a field. */
export function hiddenFrom(access: Access, kind: KindName, by: Caller, builtIn: FieldSet): string[] {
  const hidden = [...access.viewOf(by, kind).hidden];
  // A field that had to step aside is known by the name under which it is answered.
  return hidden.flatMap((name) => {
    if (Object.hasOwn(builtIn, name)) return [];
    const plain = name.replace(/^custom_/, '');
    return plain !== name && Object.hasOwn(builtIn, plain) ? [plain] : [name];
  });
}

/** The roles that may be told of a field's definition; undefined for everyone who may sign in. */
export function toldTo(access: Access, kind: KindName, field: string): readonly string[] | undefined {
  const learns = (role: Role): boolean => !access.viewOf(anybody(role), kind).hidden.has(field);
  const roles = (['viewer', 'operator'] as const).filter(learns);
  return roles.length === 2 ? undefined : ['admin', ...roles];
}

/** Rules of fields are made for roles, not for people. */
function anybody(role: Role): Caller {
  return { id: 'anybody', name: 'anybody', kind: 'user', roles: [role], teams: [], leads: [] };
}

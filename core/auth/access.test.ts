import type { Access, Caller, Role } from '@orchestrall/sdk';
import { describe, expect, it } from 'vitest';
import { allRoles, isAllowed, isRole } from './access.ts';

const holder = (...roles: Role[]): Caller => ({
  id: '1',
  kind: 'user',
  name: 'ada',
  roles,
  teams: [],
  leads: [],
});

describe('isAllowed()', () => {
  const may: Record<Role, Role[]> = {
    admin: ['admin', 'operator', 'viewer', 'system'],
    operator: ['operator', 'viewer'],
    viewer: ['viewer'],
    system: ['system'],
  };
  for (const role of allRoles) {
    for (const access of allRoles) {
      const expected = may[role].includes(access);
      it(`${expected ? 'lets' : 'refuses'} ${role} on a route for ${access}`, () => {
        expect(isAllowed(access, holder(role))).toBe(expected);
      });
    }
  }

  it('lets anyone on a public route', () => {
    expect(isAllowed('public', undefined)).toBe(true);
  });

  it('refuses a missing caller, a caller without roles and an empty list', () => {
    const nobody: Access = [];
    expect(isAllowed('viewer', undefined)).toBe(false);
    expect(isAllowed('viewer', holder())).toBe(false);
    expect(isAllowed(nobody, holder('admin'))).toBe(false);
  });

  it('lets a caller who holds one role of a list', () => {
    expect(isAllowed(['operator', 'system'], holder('system'))).toBe(true);
    expect(isAllowed(['operator', 'system'], holder('viewer'))).toBe(false);
  });
});

describe('isRole()', () => {
  it('knows the four roles and nothing else', () => {
    expect(allRoles.every(isRole)).toBe(true);
    expect(['Admin', 'constructor', '', 1, undefined].some(isRole)).toBe(false);
  });
});

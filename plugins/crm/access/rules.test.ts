import type { Caller, Role } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import { describe, expect, test } from 'vitest';
import { tablesByKind } from '../kinds.ts';
import type { Owned } from '../records/access.ts';
import { createAccess } from './rules.ts';

const caller = (roles: Role[], more: Partial<Caller> = {}): Caller => ({
  id: 'ada',
  kind: 'user',
  name: 'ada',
  teams: ['red', 'blue'],
  leads: ['blue'],
  ...more,
  roles,
});
const rule = (records: 'all' | 'team' | 'own', hidden: string[] = []) => ({ records, hidden, read_only: [] });
const sqlOf = (config: Parameters<typeof createAccess>[0], by: Caller) => {
  const { condition } = createAccess(config, tablesByKind).viewOf(by, 'contact');
  return condition === undefined ? undefined : toStatement(condition);
};

describe('a view', () => {
  test('without rules is of everything, for every role that may sign in', () => {
    for (const role of ['viewer', 'operator', 'admin'] as const)
      expect(sqlOf({}, caller([role]))).toBeUndefined();
  });

  test('of a caller without a role that rules know is of nothing', () => {
    expect(sqlOf({}, caller([]))?.sql).toBe('false');
    expect(sqlOf({}, caller(['system']))?.sql).toBe('false');
  });

  test('is of the caller and its teams, or of its own and of the teams it leads', () => {
    const team = { viewer: { contacts: rule('team') } };
    expect(sqlOf(team, caller(['viewer']))).toMatchObject({ parameters: ['ada', ['red', 'blue']] });
    const own = { viewer: { contacts: rule('own') } };
    expect(sqlOf(own, caller(['viewer']))).toMatchObject({ parameters: ['ada', ['blue']] });
    expect(sqlOf(own, caller(['viewer'], { leads: [] }))).toMatchObject({ parameters: ['ada'] });
  });

  test('follows the strongest role', () => {
    const config = { viewer: { contacts: rule('own') }, operator: { contacts: rule('team') } };
    expect(sqlOf(config, caller(['viewer', 'operator']))).toMatchObject({
      parameters: ['ada', ['red', 'blue']],
    });
    expect(sqlOf(config, caller(['viewer', 'operator', 'admin']))).toBeUndefined();
  });
});

describe('an audience', () => {
  const record = { owner_id: 'ada', team_id: 'red' };
  const audience = (config: Parameters<typeof createAccess>[0], owned: Owned = record) =>
    createAccess(config, tablesByKind).audienceOf('contact', owned);

  test('is everyone where every role sees all of every record', () => {
    expect(audience({ viewer: { companies: rule('own') } })).toBeUndefined();
  });

  test('holds for each role those who see the record', () => {
    expect(audience({ viewer: { contacts: rule('team') } })).toEqual([
      'admin',
      'viewer@user:ada',
      'viewer@team:red',
      'operator',
    ]);
    const own = { viewer: { contacts: rule('own') }, operator: { contacts: rule('own') } };
    expect(audience(own)).toEqual([
      'admin',
      'viewer@user:ada',
      'viewer@lead:red',
      'operator@user:ada',
      'operator@lead:red',
    ]);
    expect(audience(own, { owner_id: null, team_id: null })).toEqual(['admin']);
  });

  test('leaves out a role from which a field is hidden', () => {
    expect(audience({ viewer: { contacts: rule('all', ['phone']) } })).toEqual(['admin', 'operator']);
  });
});

test.each<[string, Parameters<typeof createAccess>[0], RegExp]>([
  ['for what is no kind', { viewer: { people: rule('own') } }, /people is no kind of record/],
  [
    'by which an operator sees less than a viewer',
    { operator: { contacts: rule('team') } },
    /access\.operator\.contacts\.records is team/,
  ],
  [
    'that hide from an operator what a viewer sees',
    { operator: { contacts: rule('all', ['phone']) } },
    /hidden holds phone/,
  ],
])('rules %s are refused', (_, config, reason) => {
  expect(() => createAccess(config, tablesByKind)).toThrow(reason);
});

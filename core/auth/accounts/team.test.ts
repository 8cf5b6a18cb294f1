import { describe, expect, it, test } from 'vitest';
import { checkTeam, teamNameKey } from './team.ts';

test.each([
  ['Sales', 'SALES'],
  ['Straße', 'STRASSE'],
  ['Ödön', 'O\u0308do\u0308n'],
  ['ΟΔΟΣ', 'οδος'],
  ['ﬁeld', 'FIELD'],
])('teamNameKey() takes %s and %s for one name', (one, other) => {
  expect(teamNameKey(one)).toBe(teamNameKey(other));
});

describe('checkTeam()', () => {
  it.each([
    '',
    '  ',
    ' Sales',
    'Sales ',
    'a\tb',
    'a\0b',
    'a\u200bb',
    '\ud83d',
    'x'.repeat(101),
    'ﷺ'.repeat(20),
  ])('refuses the name %j', (name) => {
    expect(() => checkTeam({ name })).toThrow(
      expect.objectContaining({
        code: 'TEAM_INVALID',
        details: { faults: [{ path: '/name', message: expect.any(String) }] },
      }),
    );
  });

  it('refuses a description that is too long or cannot be stored', () => {
    for (const description of ['x'.repeat(1_001), 'a\0', '\ud83d']) {
      expect(() => checkTeam({ description })).toThrow(
        expect.objectContaining({
          details: { faults: [{ path: '/description', message: expect.any(String) }] },
        }),
      );
    }
    checkTeam({ name: 'Büro 12 — “north”', description: 'Two\nlines 😀' });
    checkTeam({ description: null });
  });
});

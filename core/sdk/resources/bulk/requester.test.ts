import { expect, test } from 'vitest';
import type { DirectoryUser } from '../../directory.ts';
import type { Caller } from '../../http.ts';
import { requesterOf } from './requester.ts';
import type { People } from './requester.ts';

const asked: Caller = {
  id: 'ada',
  kind: 'user',
  name: 'Ada',
  roles: ['operator'],
  teams: ['old'],
  leads: ['old'],
};

/** A directory that knows one user. */
function people(user: Partial<DirectoryUser>): People {
  return {
    users: async ([id = '']) => [{ id, name: 'Ada', exists: true, enabled: true, ...user }],
    teamsOf: async (id) => [
      { id: 'north', name: 'North', exists: true, lead: id },
      { id: 'south', name: 'South', exists: true, lead: null },
    ],
  };
}

test('a user goes on with the teams of now', async () => {
  expect(await requesterOf(people({}), asked)).toEqual({
    ...asked,
    teams: ['north', 'south'],
    leads: ['north'],
  });
});

test('a user who may no longer sign in, or is gone, goes on no more', async () => {
  expect(await requesterOf(people({ enabled: false }), asked)).toBeUndefined();
  expect(await requesterOf(people({ exists: false }), asked)).toBeUndefined();
});

test('one of whom an outside provider has told nothing since the start keeps what the request said', async () => {
  expect(await requesterOf(people({ name: 'ada' }), asked)).toBe(asked);
});

test('a program keeps what the request said', async () => {
  const program: Caller = { ...asked, kind: 'service' };
  expect(await requesterOf(people({ exists: false }), program)).toBe(program);
});

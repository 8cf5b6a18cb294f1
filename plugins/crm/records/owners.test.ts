import type { Caller } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { createOwners } from './owners.ts';

const ada: Caller = { id: 'ada', kind: 'user', name: 'ada', roles: ['operator'], teams: ['red'], leads: [] };
const none = { owner_id: null, team_id: null };

function directory(...there: string[]) {
  const asked: string[] = [];
  const look = async (ids: readonly string[]) => {
    asked.push(...ids);
    return ids.map((id) => ({ id, name: id, exists: there.includes(id), enabled: true, lead: null }));
  };
  return { asked, users: look, teams: look };
}

test('an owner and a team that there are not are refused, each with where to find one', async () => {
  const owners = createOwners(directory('grace', 'blue'));
  await owners.require({ owner_id: 'grace', team_id: 'blue' }, none, ada);
  await expect(owners.require({ owner_id: 'nobody', team_id: 'nowhere' }, none, ada)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    details: {
      faults: [
        { path: '/owner_id', message: expect.stringContaining('/api/v1/system/users') },
        { path: '/team_id', message: expect.stringContaining('/api/v1/system/teams') },
      ],
    },
  });
});

test('what stays, the caller and the caller’s own teams are not asked for', async () => {
  const there = directory();
  const owners = createOwners(there);
  await owners.require({ owner_id: 'ada', team_id: 'red' }, undefined, ada);
  await owners.require({ owner_id: 'gone', team_id: 'gone' }, { owner_id: 'gone', team_id: 'gone' }, ada);
  await owners.require(none, { owner_id: 'gone', team_id: 'gone' }, ada);
  expect(there.asked).toEqual([]);
});

test('whoever is there is asked for once a minute, whoever is not after five seconds', async () => {
  let now = 0;
  const there = directory('grace');
  const owners = createOwners(there, () => now);
  const give = (owner_id: string) => owners.require({ owner_id, team_id: null }, none, ada).catch(() => {});
  for (const time of [0, 4_999, 5_000, 59_999, 60_000]) {
    now = time;
    await give('grace');
    await give('nobody');
  }
  expect(there.asked).toEqual(['grace', 'nobody', 'nobody', 'nobody', 'grace']);
});

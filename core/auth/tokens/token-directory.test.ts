import type { Caller } from '@orchestrall/sdk';
import { expect, it } from 'vitest';
import { createTokenDirectory } from './token-directory.ts';

const ada: Caller = { id: 'u1', kind: 'user', name: 'Ada', roles: [], teams: ['/sales', '/emea'], leads: [] };

it('answers with who was seen in a token, and takes every other id as it is', async () => {
  const { directory, note } = createTokenDirectory();
  note({ ...ada, name: 'former' });
  note(ada);
  note({ ...ada, id: 's1', kind: 'service', name: 'worker' });
  expect(await directory.users(['u1', 'u2', 'u1'])).toEqual([
    { id: 'u1', name: 'Ada', exists: true, enabled: true },
    { id: 'u2', name: 'u2', exists: true, enabled: true },
  ]);
  expect(await directory.teams(['/sales'])).toEqual([
    { id: '/sales', name: '/sales', exists: true, lead: null },
  ]);
  expect(await directory.findUser('aDA')).toMatchObject({ id: 'u1' });
  expect(await directory.findUser('u1')).toMatchObject({ name: 'Ada' });
  expect(await directory.findUser('former')).toBeUndefined();
  expect(await directory.findUser('worker')).toBeUndefined();
  expect((await directory.teamsOf('u1')).map(({ id }) => id)).toEqual(['/emea', '/sales']);
  expect(await directory.teamsOf('u2')).toEqual([]);
});

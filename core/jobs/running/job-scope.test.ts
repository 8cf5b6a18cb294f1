import { expect, test } from 'vitest';
import { scopeOfJob } from './job-scope.ts';

const id = '01900000-0000-7000-8000-000000000000';
const stored = { id: 'u1', kind: 'user', name: 'ada', roles: ['operator'] };

test('scopeOfJob() reads a job of before callers had teams, and one of since', () => {
  expect(scopeOfJob({ id, scope: { caller: stored } }).caller).toEqual({ ...stored, teams: [], leads: [] });
  const member = { ...stored, teams: ['t1', 't2'], leads: ['t2'] };
  expect(scopeOfJob({ id, scope: { caller: member } }).caller).toEqual(member);
});

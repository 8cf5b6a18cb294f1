import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Team } from '../accounts/team.ts';
import { startScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario();
});
beforeEach(() => {
  scenario.appliance.events.length = 0;
  scenario.appliance.entries.length = 0;
});
afterAll(() => scenario[Symbol.asyncDispose]());

const wait = { timeout: 20_000, interval: 20 };
const eventTypes = (): string[] => scenario.appliance.events.map(({ type }) => type);

async function user(name: string): Promise<string> {
  return (await scenario.replica.auth.users.create({ name, roles: [] })).user.id;
}

async function teamOf(name: string, ...members: string[]): Promise<Team> {
  const { teams } = scenario.replica.auth;
  const { id } = await teams.create({ name });
  for (const member of members) await teams.addMember(id, member);
  return teams.get(id);
}

describe('a team', () => {
  it('is created, changed and deleted, each told to audit and events', async () => {
    const { teams } = scenario.replica.auth;
    const made = await teams.create({ name: 'North', description: 'All of the north' });
    expect(made).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'North',
      description: 'All of the north',
      lead: null,
      member_count: 0,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    const renamed = await teams.update(made.id, { name: 'NORTH', description: null });
    expect(renamed).toMatchObject({ name: 'NORTH', description: null });
    await teams.update(made.id, { name: 'NORTH' });
    await teams.delete(made.id);
    expect(eventTypes()).toEqual(['team.created', 'team.updated', 'team.deleted']);
    expect(scenario.appliance.events[1]?.data).toEqual({ id: made.id, name: 'NORTH', lead_id: null });
    expect(scenario.appliance.entries).toEqual([
      { action: 'team.created', subjectType: 'team', subjectId: made.id, after: made },
      { action: 'team.updated', subjectType: 'team', subjectId: made.id, before: made, after: renamed },
      { action: 'team.deleted', subjectType: 'team', subjectId: made.id, before: renamed },
    ]);
  });

  it('has a name of its own, whatever the case, also among many that are made at once', async () => {
    const { teams } = scenario.replica.auth;
    const names = ['Unique', 'unique', 'UNIQUE', 'uniQue'];
    const made = await Promise.allSettled(names.map((name) => teams.create({ name })));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { id } = await teams.create({ name: 'Other' });
    await expect(teams.update(id, { name: 'UNIQUE' })).rejects.toMatchObject({
      code: 'TEAM_EXISTS',
      status: 409,
    });
    await expect(teams.create({ name: ' ' })).rejects.toMatchObject({ code: 'TEAM_INVALID', status: 400 });
  });

  it('that is none is not found, and nothing is told', async () => {
    const { teams } = scenario.replica.auth;
    const none = 'no\0team';
    const refused = await Promise.allSettled([
      teams.get(none),
      teams.update(none, { name: 'x' }),
      teams.delete(none),
      teams.members(none),
      teams.addMember(none, 'ada'),
      teams.removeMember(none, 'ada'),
      teams.setLead(none, null),
    ]);
    for (const outcome of refused) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'TEAM_NOT_FOUND', status: 404 } });
    }
    expect(eventTypes()).toEqual([]);
  });

  it('is deleted once, though two ask at the same time, and takes no member any more', async () => {
    const { teams } = scenario.replica.auth;
    for (let round = 0; round < 5; round += 1) {
      const { id } = await teamOf(`brief ${round}`, 'ada');
      const both = await Promise.allSettled([
        teams.delete(id),
        teams.delete(id),
        teams.addMember(id, 'worker-x'),
      ]);
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await scenario.replica.auth.users.get('ada')).teams).toEqual([]);
    }
  });

  it('list() pages by name without gap or repetition', async () => {
    const { teams } = scenario.replica.auth;
    for (const name of ['page ß', 'Page B', 'page a', 'PAGE c']) await teams.create({ name });
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await teams.list({ cursor, limit: 2 });
      names.push(...page.items.map(({ name }) => name));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(names.filter((name) => /^page/i.test(name))).toEqual(['page a', 'Page B', 'PAGE c', 'page ß']);
    expect(new Set(names).size).toBe(names.length);
    expect((await teams.list({ cursor: 'made\0up' })).items).toBeInstanceOf(Array);
  });
});

describe('a member', () => {
  it('is added once and removed once, and leads no longer when removed', async () => {
    const { teams } = scenario.replica.auth;
    const id = await user('grace');
    const team = await teamOf('Compilers');
    scenario.appliance.events.length = 0;
    await teams.addMember(team.id, 'GRACE');
    expect(await teams.addMember(team.id, id)).toMatchObject({ member_count: 1 });
    expect(await teams.setLead(team.id, 'grace')).toMatchObject({ lead: { id, name: 'grace' } });
    await teams.setLead(team.id, id);
    expect((await teams.members(team.id)).items).toMatchObject([{ id, name: 'grace', lead: true }]);
    expect((await scenario.replica.auth.users.list()).items).toContainEqual(
      expect.objectContaining({ name: 'grace', teams: [{ id: team.id, name: 'Compilers', lead: true }] }),
    );
    expect(await teams.removeMember(team.id, id)).toMatchObject({ member_count: 0, lead: null });
    await expect(teams.removeMember(team.id, id)).rejects.toMatchObject({
      code: 'TEAM_MEMBER_NOT_FOUND',
      status: 404,
    });
    await expect(teams.setLead(team.id, id)).rejects.toMatchObject({ code: 'TEAM_MEMBER_NOT_FOUND' });
    expect(eventTypes()).toEqual([
      'team.member_added',
      'team.lead_changed',
      'team.member_removed',
      'team.lead_changed',
    ]);
    expect(scenario.appliance.events[2]?.data).toEqual({
      id: team.id,
      name: 'Compilers',
      lead_id: null,
      user_id: id,
      user_name: 'grace',
    });
  });

  it('must be a user who is not disabled; one who is disabled later stays a member', async () => {
    const { teams, users, directory } = scenario.replica.auth;
    const id = await user('leaving');
    const team = await teamOf('Leavers', 'leaving');
    await users.disable(id);
    expect((await teams.members(team.id)).items).toMatchObject([{ id, disabled: true }]);
    expect(await directory.users([id])).toMatchObject([{ exists: true, enabled: false }]);
    await expect(teams.setLead(team.id, id)).rejects.toMatchObject({ code: 'USER_DISABLED', status: 409 });
    const other = await teamOf('Others');
    await expect(teams.addMember(other.id, id)).rejects.toMatchObject({ code: 'USER_DISABLED' });
    await expect(teams.addMember(other.id, 'nobody')).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
    await users.enable(id);
    expect(await teams.addMember(other.id, id)).toMatchObject({ member_count: 1 });
  });

  it('may be disabled while being added: both happen, or the second is told so', async () => {
    const { teams, users } = scenario.replica.auth;
    const id = await user('hasty');
    const { id: team } = await teamOf('Haste');
    for (let round = 0; round < 10; round += 1) {
      const [added, disabled] = await Promise.allSettled([teams.addMember(team, id), users.disable(id)]);
      expect(disabled.status).toBe('fulfilled');
      if (added.status === 'rejected') expect(added.reason).toMatchObject({ code: 'USER_DISABLED' });
      await users.enable(id);
      await Promise.allSettled([teams.removeMember(team, id)]);
    }
  });

  it('whose row is deleted leaves its teams and their lead', async () => {
    const { teams } = scenario.replica.auth;
    const id = await user('deleted');
    const team = await teamOf('Remaining', 'deleted', 'grace');
    await teams.setLead(team.id, id);
    await scenario.appliance.database.core().query('delete from auth_users where id = $1', [id]);
    expect(await teams.get(team.id)).toMatchObject({ lead: null, member_count: 1 });
  });
});

describe('a caller', () => {
  it('has its teams with the next request, without a new token, on every replica within seconds', async () => {
    const { auth } = scenario.replica;
    await using other = await scenario.appliance.start({ publicUrl: scenario.replica.url });
    const { access_token: token } = await scenario.personTokens();
    expect(await auth.verify(token)).toMatchObject({ teams: [], leads: [] });
    expect(await other.auth.verify(token)).toMatchObject({ teams: [], leads: [] });
    const { id } = await teamOf('Live', 'ada');
    expect(await auth.verify(token)).toMatchObject({ teams: [id], leads: [] });
    await expect.poll(async () => other.auth.verify(token), wait).toMatchObject({ teams: [id] });
    await auth.teams.setLead(id, 'ada');
    expect(await auth.verify(token)).toMatchObject({ teams: [id], leads: [id] });
    expect(await auth.verify(token)).toBe(await auth.verify(token));
    await other.auth.teams.removeMember(id, 'ada');
    expect(await other.auth.verify(token)).toMatchObject({ teams: [], leads: [] });
    await expect.poll(async () => auth.verify(token), wait).toMatchObject({ teams: [], leads: [] });
    await auth.teams.addMember(id, 'ada');
    await auth.teams.delete(id);
    expect(await auth.verify(token)).toMatchObject({ teams: [] });
  });

  it('of a service account has none', async () => {
    expect(await scenario.replica.auth.verify(await scenario.serviceToken())).toMatchObject({
      teams: [],
      leads: [],
    });
  });
});

describe('the directory', () => {
  it('tells users and teams from other ids, by name, in the order asked for', async () => {
    const { directory, teams } = scenario.replica.auth;
    const { adaId } = scenario;
    const later = await teamOf('zeta', 'ada');
    const sooner = await teamOf('Alpha', 'ada');
    await teams.setLead(later.id, 'ada');
    const none = { id: 'no\0body', name: 'no\0body', exists: false };
    expect(await directory.users(['no\0body', adaId, adaId])).toEqual([
      { ...none, enabled: false },
      { id: adaId, name: 'ada', exists: true, enabled: true },
    ]);
    expect(await directory.teams([later.id, adaId, 'no\0body'])).toEqual([
      { id: later.id, name: 'zeta', exists: true, lead: adaId },
      { id: adaId, name: adaId, exists: false, lead: null },
      { ...none, lead: null },
    ]);
    expect(await directory.findUser('ADA')).toMatchObject({ id: adaId });
    expect(await directory.findUser(adaId)).toMatchObject({ name: 'ada' });
    expect(await directory.findUser('nobody')).toBeUndefined();
    const names = (await directory.teamsOf(adaId)).map(({ name }) => name);
    expect(names.filter((name) => [sooner.name, later.name].includes(name))).toEqual(['Alpha', 'zeta']);
    expect(await directory.teamsOf('nobody')).toEqual([]);
    expect(await directory.users([])).toEqual([]);
  });
});

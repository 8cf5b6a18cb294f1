import { checkPasswordRules, createPasswordHasher } from '../accounts/password.ts';
import { createUsers } from '../accounts/users.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestAppliance } from './appliance.ts';
import { newArtifacts } from './artifacts.ts';
import type { Replica, TestAppliance } from './appliance.ts';

let appliance: TestAppliance;
let replica: Replica;
const password = 'correct horse battery';

beforeAll(async () => {
  appliance = await startTestAppliance();
  replica = await appliance.start();
});

beforeEach(() => {
  appliance.events.length = 0;
  appliance.entries.length = 0;
});

afterAll(async () => {
  await replica[Symbol.asyncDispose]();
  await appliance[Symbol.asyncDispose]();
});

describe('the first start', () => {
  it('creates one administrator, and later starts do not', async () => {
    const first = replica.auth.firstPassword ?? '';
    checkPasswordRules(first, 'admin');
    expect(await replica.auth.users.authenticate('admin', first)).toMatchObject({
      name: 'admin',
      roles: ['admin'],
    });
    await using second = await appliance.start();
    expect(second.auth.firstPassword).toBeUndefined();
    expect(JSON.stringify(replica.logged)).not.toContain(first);
  });

  it('creates one administrator although several replicas start at once', async () => {
    const core = appliance.database.core();
    await core.query('delete from auth_users');
    const made = await Promise.all(Array.from({ length: 4 }, () => replica.auth.users.createFirst()));
    expect(made.filter((one) => one !== undefined)).toHaveLength(1);
    expect((await replica.auth.users.list()).items).toHaveLength(1);
  });
});

describe('a sign-in', () => {
  it('costs one hash, of the same cost, whether the name is unknown, disabled or right', async () => {
    const ran: string[] = [];
    const cheap = { memory: 64, passes: 2, parallelism: 1 };
    const hasher = createPasswordHasher(cheap);
    const database = appliance.database.core();
    const users = createUsers({
      database,
      artifacts: newArtifacts(database),
      hasher: {
        hash: (given) => hasher.hash(given),
        check: (given, stored) => {
          ran.push(/m=\d+,t=\d+,p=\d+/.exec(stored)?.[0] ?? stored);
          return hasher.check(given, stored);
        },
        checkNobody: (given) => {
          ran.push(`m=${cheap.memory},t=${cheap.passes},p=${cheap.parallelism}`);
          return hasher.checkNobody(given);
        },
      },
    });
    const { user } = await users.create({ name: 'timed', password, roles: ['viewer'] });
    const enter = (name: string, given: string) => users.authenticate(name, given);
    expect(await enter('nobody-at-all', password)).toBeUndefined();
    expect(await enter('timed', 'wrong wrong wrong')).toBeUndefined();
    expect(await enter('timed', password)).toMatchObject({ name: 'timed' });
    await users.disable(user.id);
    expect(await enter('timed', password)).toBeUndefined();
    expect(await enter('nul\0', password)).toBeUndefined();
    expect(ran).toEqual(Array.from({ length: 5 }, () => 'm=64,t=2,p=1'));
  });
});

describe('create()', () => {
  it('stores argon2id, answers without it, and tells audit and events without it', async () => {
    const { user, password: made } = await replica.auth.users.create({
      name: 'grace',
      roles: ['viewer'],
      password,
    });
    expect(made).toBeUndefined();
    expect(user).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'grace',
      email: null,
      roles: ['viewer'],
      teams: [],
      disabled: false,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    const [row] = await appliance.database
      .core()
      .query('select password_hash from auth_users where id = $1', [user.id]);
    expect(row).toEqual({ password_hash: expect.stringMatching(/^\$argon2id\$v=19\$/) });
    expect(appliance.events).toEqual([
      { type: 'user.created', data: { id: user.id, name: 'grace', roles: ['viewer'], disabled: false } },
    ]);
    expect(appliance.entries).toEqual([
      { action: 'user.created', subjectType: 'user', subjectId: user.id, after: user },
    ]);
  });

  it('makes a password up and shows it once', async () => {
    const { password: made } = await replica.auth.users.create({ name: 'made-up', roles: [] });
    expect(await replica.auth.users.authenticate('made-up', made ?? '')).toMatchObject({ name: 'made-up' });
  });

  it.each([
    ['a taken name', { name: 'grace', roles: [] }, 'USER_EXISTS'],
    ['a name with capitals', { name: 'Grace', roles: [] }, 'USER_INVALID'],
    ['an empty name', { name: '', roles: [] }, 'USER_INVALID'],
    ["a client's account name", { name: 'service-account-worker', roles: [] }, 'USER_INVALID'],
    ['an address that is none', { name: 'new', email: 'nowhere', roles: [] }, 'USER_INVALID'],
    ['a short password', { name: 'new', roles: [], password: 'elevenchars' }, 'PASSWORD_REFUSED'],
    [
      'the name as password',
      { name: 'a-rather-long-name', roles: [], password: 'A-Rather-Long-Name' },
      'PASSWORD_REFUSED',
    ],
  ])('refuses %s', async (_name, user, code) => {
    await expect(replica.auth.users.create(user)).rejects.toMatchObject({ code });
    expect(appliance.events).toEqual([]);
  });
});

describe('changes', () => {
  it('are audited with before and after', async () => {
    const { user } = await replica.auth.users.create({ name: 'changing', roles: ['viewer'] });
    appliance.entries.length = 0;
    await replica.auth.users.setRoles('changing', ['operator', 'system']);
    await replica.auth.users.disable(user.id);
    await replica.auth.users.disable(user.id);
    await replica.auth.users.enable('CHANGING');
    await replica.auth.users.resetPassword('changing');
    expect(appliance.entries.map(({ action }) => action)).toEqual([
      'user.updated',
      'user.disabled',
      'user.enabled',
      'user.password_reset',
    ]);
    expect(appliance.entries[0]).toMatchObject({
      before: { roles: ['viewer'] },
      after: { roles: ['operator', 'system'] },
    });
  });

  it('of nobody are refused', async () => {
    await expect(replica.auth.users.disable('nobody')).rejects.toMatchObject({
      code: 'USER_NOT_FOUND',
      status: 404,
    });
    await expect(replica.auth.users.get('nobody')).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
    await expect(replica.auth.users.setRoles('nobody', [])).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
    await expect(replica.auth.users.resetPassword('nobody')).rejects.toMatchObject({
      code: 'USER_NOT_FOUND',
    });
  });

  it('never leave the appliance without an administrator, also when two remove each other', async () => {
    const { users } = replica.auth;
    await expect(users.disable('admin')).rejects.toMatchObject({ code: 'LAST_ADMINISTRATOR', status: 409 });
    await expect(users.setRoles('admin', ['viewer'])).rejects.toMatchObject({ code: 'LAST_ADMINISTRATOR' });
    await users.create({ name: 'second', roles: ['admin'] });
    for (let round = 0; round < 10; round += 1) {
      const outcomes = await Promise.allSettled([users.disable('admin'), users.disable('second')]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      // Refused by the rule, not by a deadlock.
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'LAST_ADMINISTRATOR' },
      });
      await users.enable('admin');
      await users.enable('second');
    }
  });

  it('take no name that has the form of an id', async () => {
    const { users } = replica.auth;
    const { id } = await users.get('admin');
    await expect(users.create({ name: id, roles: [] })).rejects.toMatchObject({
      code: 'USER_INVALID',
      details: { faults: [{ path: '/name' }] },
    });
  });

  it('of a password are found out when its cost was another', async () => {
    const core = appliance.database.core();
    await replica.auth.users.create({ name: 'older', roles: [], password });
    const weaker = '$argon2id$v=19$m=32,t=2,p=1$';
    const { argon2Sync } = await import('node:crypto');
    const nonce = Buffer.alloc(16, 7);
    const tag = argon2Sync('argon2id', {
      message: password,
      nonce,
      memory: 32,
      passes: 2,
      parallelism: 1,
      tagLength: 32,
    });
    const stored = `${weaker}${nonce.toString('base64').replaceAll('=', '')}$${tag.toString('base64').replaceAll('=', '')}`;
    await core.query('update auth_users set password_hash = $1 where name = $2', [stored, 'older']);
    expect(await replica.auth.users.authenticate('older', password)).toMatchObject({ name: 'older' });
    const [row] = await core.query<{ password_hash: string }>(
      `select password_hash from auth_users where name = 'older'`,
    );
    expect(row?.password_hash).toMatch(/m=64,t=2,p=1/);
  });
});

it('list() pages by name without gap or repetition', async () => {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await replica.auth.users.list({ cursor, limit: 2 });
    expect(page.items.length).toBeLessThanOrEqual(2);
    names.push(...page.items.map(({ name }) => name));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  expect(names).toEqual([...new Set(names)].toSorted());
  expect(names).toContain('admin');
});

describe('clients', () => {
  it.each([
    ['a public one without an address', { client_id: 'spa', public: true }],
    [
      'a public one with roles',
      { client_id: 'spa', public: true, redirect_uris: ['https://a.example/'], roles: ['admin' as const] },
    ],
    ['plain http beyond this machine', { client_id: 'web', redirect_uris: ['http://a.example/'] }],
    ['a fragment', { client_id: 'web', redirect_uris: ['https://a.example/#x'] }],
    ['a script address', { client_id: 'web', redirect_uris: ['javascript:alert(1)'] }],
    ['a relative address', { client_id: 'web', redirect_uris: ['/callback'] }],
    ['a faulty id', { client_id: 'Web Client' }],
  ])('refuse %s', async (_name, client) => {
    await expect(replica.auth.clients.create(client)).rejects.toMatchObject({ code: 'CLIENT_INVALID' });
  });

  it('tell audit and events, page by id, and leave the built-in one alone', async () => {
    await replica.auth.clients.create({ client_id: 'one', roles: ['viewer'] });
    await replica.auth.clients.disable('one');
    await replica.auth.clients.enable('one');
    expect(appliance.events.map(({ type }) => type)).toEqual([
      'client.created',
      'client.disabled',
      'client.enabled',
    ]);
    expect(appliance.entries).toHaveLength(3);
    expect(JSON.stringify(appliance.entries)).not.toMatch(/secret/);
    await expect(replica.auth.clients.create({ client_id: 'one' })).rejects.toMatchObject({
      code: 'CLIENT_EXISTS',
    });
    await expect(replica.auth.clients.disable('orchestrall-local')).rejects.toMatchObject({
      code: 'CLIENT_BUILT_IN',
    });
    await expect(replica.auth.clients.get('none')).rejects.toMatchObject({ code: 'CLIENT_NOT_FOUND' });
    const page = await replica.auth.clients.list({ limit: 1 });
    expect(page).toMatchObject({ items: [{ client_id: 'one' }], next_cursor: 'one' });
  });
});

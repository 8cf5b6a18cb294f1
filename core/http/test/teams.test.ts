import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { beginSignIn, Browser, postForm, redirectUri, signIn } from '../../auth/test/browser.ts';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';

let world: TestAppliance;
let red: string;
let blue: string;
const tokens = new Map<string, string>();
const wait = { timeout: 30_000, interval: 20 };
const path = '/api/v1/system/teams';
const password = 'correct horse battery';

beforeAll(async () => {
  world = await createTestAppliance({
    repository: join(import.meta.dirname, 'fixtures'),
    configuration: { features: { asker: true }, security: { jwt_expiry: 600, rate_limit } },
  });
  await ask('POST', '/api/v1/system/clients', {
    body: { client_id: 'console', public: true, redirect_uris: [redirectUri] },
  });
  for (const [name, role] of [
    ['ada', 'operator'],
    ['grace', 'viewer'],
    ['joan', 'operator'],
  ] as const) {
    await ask('POST', '/api/v1/system/users', { body: { name, password, roles: [role] } });
    tokens.set(name, await personToken(name));
  }
  [red = '', blue = ''] = await Promise.all(['Red', 'Blue'].map(makeTeam));
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

const rate_limit = { requests_per_minute: 10_000_000, burst_size: 10_000_000 };

/** A token that the person of this name gets by signing in. */
async function personToken(name: string): Promise<string> {
  const realm = `${world.url}/realms/orchestrall`;
  const { url, verifier } = beginSignIn(realm, 'console');
  const code = await signIn(new Browser(), url, { name, password });
  const { body } = await postForm(`${realm}/protocol/openid-connect/token`, {
    grant_type: 'authorization_code',
    client_id: 'console',
    redirect_uri: redirectUri,
    code,
    code_verifier: verifier,
  });
  return body.access_token;
}

const bearer = (name: string): Record<string, string> => ({ authorization: `Bearer ${tokens.get(name)}` });

interface Asked {
  /** A person; default the administrator. */
  readonly by?: string;
  readonly body?: object;
}

async function ask(
  method: string,
  to: string,
  { by, body }: Asked = {},
): Promise<[number, Record<string, unknown>]> {
  const headers = by === undefined ? {} : bearer(by);
  const answer = await world.request(method, to, { headers, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  return [answer.status, text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)];
}

async function makeTeam(name: string): Promise<string> {
  return String((await ask('POST', path, { body: { name } }))[1]['id']);
}

async function enter(team: string, name: string): Promise<void> {
  expect((await ask('PUT', `${path}/${team}/members/${name}`))[0]).toBe(200);
}

async function leave(team: string, name: string): Promise<void> {
  expect((await ask('DELETE', `${path}/${team}/members/${name}`))[0]).toBe(200);
}

async function tell(text: string, ...visible_to: string[]): Promise<string> {
  const [status, { id }] = await ask('POST', '/api/v1/asker/notes', { body: { text, visible_to } });
  expect(status).toBe(200);
  return String(id);
}

const withoutWhisper = (texts: readonly unknown[]): unknown[] => texts.filter((text) => text !== 'whisper');

async function newestNotes(): Promise<unknown[]> {
  const [, { items }] = await ask('GET', '/api/v1/system/events?pattern=note.*&limit=2');
  return (items as { data: { text: string } }[]).map(({ data }) => data.text);
}

const callerOf = async (name: string): Promise<object> =>
  (await ask('GET', '/api/v1/asker/caller', { by: name }))[1];

describe('administrators', () => {
  test('make a team, fill it, let somebody lead it and delete it, with an audit entry and an event each', async () => {
    const [status, team] = await ask('POST', path, { body: { name: 'Green', description: 'Grass' } });
    expect([status, team]).toMatchObject([201, { name: 'Green', lead: null, member_count: 0 }]);
    const one = `${path}/${String(team['id'])}`;
    expect(await ask('PUT', `${one}/members/joan`)).toMatchObject([200, { member_count: 1 }]);
    expect(await ask('PUT', `${one}/lead`, { body: { user: 'joan' } })).toMatchObject([
      200,
      { lead: { name: 'joan' } },
    ]);
    expect(await ask('GET', `${one}/members`)).toMatchObject([
      200,
      { items: [{ name: 'joan', lead: true, disabled: false }], next_cursor: null },
    ]);
    expect((await ask('GET', '/api/v1/system/users/joan'))[1]).toMatchObject({
      teams: [{ id: team['id'], name: 'Green', lead: true }],
    });
    expect(await ask('PATCH', one, { body: { description: null } })).toMatchObject([200, { name: 'Green' }]);
    expect(await ask('PUT', `${one}/lead`, { body: { user: null } })).toMatchObject([200, { lead: null }]);
    await leave(String(team['id']), 'joan');
    expect((await ask('DELETE', one))[0]).toBe(204);
    expect(await ask('DELETE', one)).toMatchObject([404, { code: 'TEAM_NOT_FOUND' }]);
    const actions = [
      'team.created',
      'team.member_added',
      'team.lead_changed',
      'team.updated',
      'team.lead_changed',
      'team.member_removed',
      'team.deleted',
    ];
    const { items } = await world.appliance.rooms.audit.list({ subjectId: String(team['id']) });
    expect(items.map(({ action }) => action).toReversed()).toEqual(actions);
    const history = `/api/v1/system/events?subject=${String(team['id'])}&order=ascending`;
    const typesFor = async (by?: string): Promise<unknown> => {
      const [, { items: events }] = await ask('GET', history, by === undefined ? {} : { by });
      return (events as { type: string }[]).map(({ type }) => type);
    };
    await expect.poll(async () => typesFor(), wait).toEqual(actions);
    expect(await typesFor('ada')).toEqual([]);
  });

  test('are told what is wrong, and others that they are none', async () => {
    for (const [method, to, body, status, code] of [
      ['POST', path, { name: 'RED' }, 409, 'TEAM_EXISTS'],
      ['POST', path, { name: ' Red' }, 400, 'TEAM_INVALID'],
      ['POST', path, { name: '' }, 400, 'VALIDATION_FAILED'],
      ['POST', path, { name: 'x', lead: 'ada' }, 400, 'VALIDATION_FAILED'],
      ['PATCH', `${path}/${blue}`, { name: 'rED' }, 409, 'TEAM_EXISTS'],
      ['PUT', `${path}/${blue}/members/nobody`, undefined, 404, 'USER_NOT_FOUND'],
      ['DELETE', `${path}/${blue}/members/joan`, undefined, 404, 'TEAM_MEMBER_NOT_FOUND'],
      ['PUT', `${path}/${blue}/lead`, { user: 'joan' }, 404, 'TEAM_MEMBER_NOT_FOUND'],
      ['PUT', `${path}/${blue}/lead`, {}, 400, 'VALIDATION_FAILED'],
      ['GET', `${path}/none`, undefined, 404, 'TEAM_NOT_FOUND'],
      ['GET', `${path}?limit=0`, undefined, 400, 'VALIDATION_FAILED'],
    ] as const) {
      const answer = await ask(method, to, body === undefined ? {} : { body });
      expect(answer, `${method} ${to} ${JSON.stringify(body)}`).toMatchObject([status, { code }]);
    }
    expect(await ask('GET', path, { by: 'ada' })).toMatchObject([403, { code: 'ROLE_MISSING' }]);
  });
});

describe('a plugin', () => {
  test('is told the teams of its caller as they are with each request', async () => {
    expect(await callerOf('ada')).toMatchObject({ teams: [], leads: [] });
    await enter(red, 'ada');
    await ask('PUT', `${path}/${red}/lead`, { body: { user: 'ada' } });
    expect(await callerOf('ada')).toMatchObject({ name: 'ada', teams: [red], leads: [red] });
    await leave(red, 'ada');
    expect(await callerOf('ada')).toMatchObject({ teams: [], leads: [] });
  });

  test('asks the directory whether an id is a user or a team, and how it is called', async () => {
    await enter(red, 'joan');
    const { id } = await world.appliance.rooms.auth.users.get('joan');
    const joan = { id, name: 'joan', exists: true, enabled: true };
    expect((await ask('GET', `/api/v1/asker/directory/${id}`))[1]).toEqual({
      users: [joan],
      teams: [{ id, name: id, exists: false, lead: null }],
      found: joan,
      teams_of: [{ id: red, name: 'Red', exists: true, lead: null }],
    });
    expect((await ask('GET', `/api/v1/asker/directory/${red}`))[1]).toEqual({
      users: [{ id: red, name: red, exists: false, enabled: false }],
      teams: [{ id: red, name: 'Red', exists: true, lead: null }],
      found: null,
      teams_of: [],
    });
    await leave(red, 'joan');
  });
});

/** Texts of the notes that one reader is shown on a stream, and how the stream ended. */
interface Follower {
  readonly texts: string[];
  /** The last id that the stream gave. */
  readonly lastId: () => string | undefined;
  /** The reason of its `end`, once it has ended. */
  readonly ended: Promise<unknown>;
}

async function follow(name: string, after?: string): Promise<Follower> {
  const headers = { ...bearer(name), ...(after === undefined ? {} : { 'last-event-id': after }) };
  const answer = await fetch(`${world.url}/sse/events?pattern=note.*`, { headers });
  expect(answer.status).toBe(200);
  const texts: string[] = [];
  let lastId: string | undefined;
  let reason: unknown;
  const reading = (async () => {
    let rest = '';
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const frames = (rest + chunk).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        lastId = /^id: (.*)$/m.exec(frame)?.[1] ?? lastId;
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (data === undefined) continue;
        const value: { readonly reason?: string; readonly data?: { readonly text: string } } =
          JSON.parse(data);
        if (value.data === undefined) reason = value.reason;
        else texts.push(value.data.text);
      }
    }
    return reason;
  })();
  return { texts, lastId: () => lastId, ended: reading };
}

describe('an event for a team or a user', () => {
  test('is shown live to who is in the team, until it has left it; the stream ends and goes on without', async () => {
    await enter(red, 'ada');
    await enter(blue, 'grace');
    const [ada, grace, joan] = await Promise.all([follow('ada'), follow('grace'), follow('joan')]);
    const socket = new WebSocket(`${world.url.replace('http', 'ws')}/ws/events?pattern=note.*`, {
      headers: bearer('ada'),
    });
    const closed = new Promise<[number, string]>((resolve) =>
      socket.once('close', (code, reason) => resolve([code, reason.toString()])),
    );
    const heard: unknown[] = [];
    socket.on('message', (message: Buffer) => heard.push(JSON.parse(message.toString()).data.data.text));
    await new Promise((resolve) => socket.once('open', resolve));
    const { id } = await world.appliance.rooms.auth.users.get('joan');
    await tell('for red', `team:${red}`);
    await tell('for blue', `team:${blue}`);
    await tell('for both', `team:${red}`, `team:${blue}`);
    await tell('for joan', `user:${id}`);
    await tell('for operators', 'operator');
    await ask('POST', '/api/v1/asker/whispers', { body: { text: 'whisper', visible_to: [`team:${red}`] } });
    await tell('for all', 'viewer');
    for (const follower of [ada, grace, joan]) {
      await expect.poll(() => follower.texts, wait).toContain('for all');
    }
    await expect.poll(() => heard, wait).toContain('for all');
    expect(withoutWhisper(ada.texts)).toEqual(['for red', 'for both', 'for operators', 'for all']);
    expect(ada.texts).toContain('whisper');
    expect(withoutWhisper(heard)).toEqual(withoutWhisper(ada.texts));
    expect(grace.texts).toEqual(['for blue', 'for both', 'for all']);
    expect(joan.texts).toEqual(['for joan', 'for operators', 'for all']);

    await leave(red, 'ada');
    expect(await ada.ended).toBe('teams_changed');
    expect(await closed).toEqual([1012, 'teams_changed']);
    await tell('for red again', `team:${red}`);
    await tell('the last', 'viewer');
    // With the same token, and nothing missed of what it may see.
    const again = await follow('ada', ada.lastId());
    await expect.poll(() => again.texts, wait).toEqual(['the last']);
    await expect.poll(() => grace.texts.at(-1), wait).toBe('the last');
    await world.appliance.rooms.auth.users.disable('grace');
    await enter(red, 'ada');
    expect(await again.ended).toBe('teams_changed');
    expect(await grace.ended).toBe('token_ended');
    const back = await follow('ada', again.lastId());
    await tell('for red at last', `team:${red}`);
    await expect.poll(() => back.texts, wait).toEqual(['for red at last']);
    await leave(red, 'ada');
  }, 180_000);

  test('is found in the history, alone or by its id, and as a dead letter, by who may see it and nobody else', async () => {
    await enter(red, 'ada');
    const id = await tell('kept for red', `team:${red}`);
    const letters = '/api/v1/system/events/dead-letters?plugin=asker&limit=200';
    const letterOf = async (by?: string): Promise<number | undefined> => {
      const [, { items }] = await ask('GET', letters, by === undefined ? {} : { by });
      return (items as { id: number; event_id: string }[]).find(({ event_id }) => event_id === id)?.id;
    };
    await expect.poll(async () => letterOf(), wait).toBeTypeOf('number');
    const letter = await letterOf();
    const seenBy = async (by: string): Promise<boolean[]> => {
      const [, { items }] = await ask('GET', '/api/v1/system/events?subject=kept%20for%20red', { by });
      const statuses = await Promise.all([
        ask('GET', `/api/v1/system/events/${id}`, { by }),
        ask('GET', `/api/v1/system/events/dead-letters/${letter}`, { by }),
      ]);
      return [
        (items as unknown[]).length === 1,
        ...statuses.map(([status]) => status === 200),
        (await letterOf(by)) === letter,
      ];
    };
    expect(await seenBy('ada')).toEqual([true, true, true, true]);
    expect(await seenBy('joan')).toEqual([false, false, false, false]);
    await leave(red, 'ada');
    expect(await seenBy('ada')).toEqual([false, false, false, false]);
  });

  test('is not shown to administrators, unless it names them as well', async () => {
    await tell('for blue alone', `team:${blue}`);
    await tell('for blue and administrators', `team:${blue}`, 'admin');
    await expect.poll(async () => (await newestNotes())[0], wait).toBe('for blue and administrators');
    expect(await newestNotes()).not.toContain('for blue alone');
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';

let world: TestAppliance;
beforeAll(async () => {
  world = await createTestAppliance();
});
afterAll(() => world[Symbol.asyncDispose]());

const path = '/api/v1/system/clients';

async function ask(method: string, at: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await world.request(method, at, body === undefined ? {} : { body });
  return { answered: answer.status, ...((await answer.json()) as object) };
}

async function tokenOf(client: string, secret: unknown): Promise<Response> {
  return fetch(`${world.url}/realms/orchestrall/protocol/openid-connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${String(secret)}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
}

async function statusWith(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${world.url}/api/v1/system/plugins`, { headers })).status;
}

test('a client gets tokens of its roles with its secret, which end with the secret and with the client', async () => {
  const { secret } = await ask('POST', path, { client_id: 'robot', roles: ['viewer'] });
  const { access_token: first } = (await (await tokenOf('robot', secret)).json()) as { access_token: string };
  expect(await statusWith(first)).toBe(200);
  const { secret: second } = await ask('POST', `${path}/robot/rotate-secret`);
  expect([(await tokenOf('robot', secret)).status, await statusWith(first)]).toEqual([401, 401]);
  const answer = await tokenOf('robot', second);
  const { access_token: other } = (await answer.json()) as { access_token: string };
  expect(await statusWith(other)).toBe(200);
  expect(await ask('POST', `${path}/robot/disable`)).toMatchObject({ answered: 200, disabled: true });
  expect([(await tokenOf('robot', second)).status, await statusWith(other)]).toEqual([401, 401]);
  expect(await ask('POST', `${path}/robot/enable`)).toMatchObject({ disabled: false });
  expect((await tokenOf('robot', second)).status).toBe(200);
  expect(JSON.stringify(await ask('GET', `${path}/robot`))).not.toMatch(/secret/);
});

test('what is wrong with a client is named, each field with its reason', async () => {
  const wrong = {
    client_id: 'app',
    public: true,
    roles: ['admin'],
    redirect_uris: ['http://example.com/#x'],
  };
  expect(await ask('POST', path, wrong)).toMatchObject({
    code: 'CLIENT_INVALID',
    faults: [
      { path: '/roles', message: expect.stringContaining('empty') },
      { path: '/redirect_uris/0', message: 'must have no fragment' },
    ],
  });
  await ask('POST', path, { client_id: 'twice' });
  for (const [method, at, body, code] of [
    ['POST', path, { client_id: 'twice' }, 'CLIENT_EXISTS'],
    ['POST', path, { client_id: 'Capital' }, 'VALIDATION_FAILED'],
    ['GET', `${path}/nobody`, undefined, 'CLIENT_NOT_FOUND'],
    ['POST', `${path}/nobody/disable`, undefined, 'CLIENT_NOT_FOUND'],
    ['POST', `${path}/orchestrall-local/rotate-secret`, undefined, 'CLIENT_BUILT_IN'],
    ['POST', '/api/v1/system/signing-keys/rotate', { overlap_seconds: -1 }, 'VALIDATION_FAILED'],
  ] as const) {
    expect(await ask(method, at, body), `${method} ${at}`).toMatchObject({ code });
  }
  expect((await world.request('GET', path, { role: 'operator' })).status).toBe(403);
});

function issue(): Promise<string> {
  return world.appliance.rooms.auth.issueLocalToken('viewer');
}

test('a new signing key signs at once; the former is accepted for its overlap, without one not at all', async () => {
  const rotate = '/api/v1/system/signing-keys/rotate';
  const first = await issue();
  await ask('POST', rotate, { overlap_seconds: 600 });
  const second = await issue();
  expect([await statusWith(first), await statusWith(second)]).toEqual([200, 200]);
  const { kid } = await ask('POST', rotate, { overlap_seconds: 0 });
  const third = await issue();
  expect(JSON.parse(atob(third.split('.')[0] ?? ''))).toMatchObject({ kid });
  expect([await statusWith(second), await statusWith(third)]).toEqual([401, 200]);
});

import { clientCredentials, createClient } from '@orchestrall/client';
import type { Client, Token } from '@orchestrall/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';

let world: TestAppliance;
let admin: Client;
beforeAll(async () => {
  world = await createTestAppliance();
  admin = world.client();
});
afterAll(() => world[Symbol.asyncDispose]());

const clients = '/api/v1/system/clients';
const rotate = '/api/v1/system/signing-keys/rotate';
const of = (client_id: string) => ({ params: { path: { client_id } } });

async function tokenOf(clientId: string, secret: string | null | undefined): Promise<string> {
  const tokenUrl = `${world.url}/realms/orchestrall/protocol/openid-connect/token`;
  return (await clientCredentials({ tokenUrl, clientId, secret: secret ?? '' })()).token;
}

const seen = async (token: Token) =>
  createClient({ baseUrl: world.url, token }).get('/api/v1/system/plugins');
const accepted = { status: 200 };
const refused = { status: 401 };

test('a client gets tokens of its roles with its secret, which end with the secret and with the client', async () => {
  const made = await admin.post(clients, { body: { client_id: 'robot', roles: ['viewer'] } });
  const first = await tokenOf('robot', made.data.secret);
  expect(await seen(first)).toMatchObject(accepted);
  const { data } = await admin.post(`${clients}/{client_id}/rotate-secret`, of('robot'));
  await expect(tokenOf('robot', made.data.secret)).rejects.toMatchObject(refused);
  await expect(seen(first)).rejects.toMatchObject(refused);
  const second = await tokenOf('robot', data.secret);
  expect(await seen(second)).toMatchObject(accepted);
  const disabled = await admin.post(`${clients}/{client_id}/disable`, of('robot'));
  expect(disabled.data.disabled).toBe(true);
  await expect(tokenOf('robot', data.secret)).rejects.toMatchObject(refused);
  await expect(seen(second)).rejects.toMatchObject(refused);
  const enabled = await admin.post(`${clients}/{client_id}/enable`, of('robot'));
  expect(enabled.data.disabled).toBe(false);
  expect(await tokenOf('robot', data.secret)).toEqual(expect.any(String));
  expect(JSON.stringify((await admin.get(`${clients}/{client_id}`, of('robot'))).data)).not.toMatch(/secret/);
});

test('what is wrong with a client is named, each field with its reason', async () => {
  const wrong = {
    client_id: 'app',
    public: true,
    roles: ['admin' as const],
    redirect_uris: ['http://example.com/#x'],
  };
  await expect(admin.post(clients, { body: wrong })).rejects.toMatchObject({
    code: 'CLIENT_INVALID',
    faults: [
      { path: '/roles', message: expect.stringContaining('empty') },
      { path: '/redirect_uris/0', message: 'must have no fragment' },
    ],
  });
  await admin.post(clients, { body: { client_id: 'twice' } });
  for (const [code, asked] of [
    ['CLIENT_EXISTS', () => admin.post(clients, { body: { client_id: 'twice' } })],
    ['VALIDATION_FAILED', () => admin.post(clients, { body: { client_id: 'Capital' } })],
    ['CLIENT_NOT_FOUND', () => admin.get(`${clients}/{client_id}`, of('nobody'))],
    ['CLIENT_NOT_FOUND', () => admin.post(`${clients}/{client_id}/disable`, of('nobody'))],
    ['CLIENT_BUILT_IN', () => admin.post(`${clients}/{client_id}/rotate-secret`, of('orchestrall-local'))],
    ['VALIDATION_FAILED', () => admin.post(rotate, { body: { overlap_seconds: -1 } })],
    ['ROLE_MISSING', () => world.client('operator').get(clients)],
  ] as const) {
    await expect(asked(), code).rejects.toMatchObject({ code });
  }
});

function issue(): Promise<string> {
  return world.appliance.rooms.auth.issueLocalToken('viewer');
}

test('a new signing key signs at once; the former is accepted for its overlap, without one not at all', async () => {
  const first = await issue();
  await admin.post(rotate, { body: { overlap_seconds: 600 } });
  const second = await issue();
  expect([await seen(first), await seen(second)]).toMatchObject([accepted, accepted]);
  const { data } = await admin.post(rotate, { body: { overlap_seconds: 0 } });
  const third = await issue();
  expect(JSON.parse(atob(third.split('.')[0] ?? ''))).toMatchObject({ kid: data.kid });
  await expect(seen(second)).rejects.toMatchObject(refused);
  expect(await seen(third)).toMatchObject(accepted);
});

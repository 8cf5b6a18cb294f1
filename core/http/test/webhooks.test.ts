import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { startReceiver } from '../../webhooks/test/receiver.ts';
import type { Receiver } from '../../webhooks/test/receiver.ts';

const path = '/api/v1/system/webhooks';
let world: TestAppliance;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  const webhooks = { allowed_hosts: [receiver.host], allowed_networks: ['127.0.0.0/8'], allow_http: true };
  world = await createTestAppliance({ configuration: { webhooks } });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function answer(
  method: string,
  tail: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await world.request(method, `${path}${tail}`, body === undefined ? {} : { body });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

test('a webhook is made, shown, changed, paused, resumed, tested and deleted by administrators', async () => {
  const given = { url: receiver.url, patterns: ['user.*'], headers: { Authorization: 'hush-hush' } };
  const made = await answer('POST', '', given);
  expect(made).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^whsec_[\w-]{43}$/) } });
  const { id } = made.body['webhook'] as { id: string };
  expect((await answer('GET', '')).body).toMatchObject({ items: [{ id, header_names: ['Authorization'] }] });
  expect(JSON.stringify(await answer('GET', `/${id}`))).not.toMatch(/hush-hush|whsec_/);
  expect(await answer('PATCH', `/${id}`, { patterns: ['user.*', 'client.*'] })).toMatchObject({
    status: 200,
    body: { patterns: ['user.*', 'client.*'] },
  });
  expect((await answer('POST', `/${id}/pause`)).body).toMatchObject({
    status: 'paused',
    pause_reason: 'requested',
  });
  expect((await answer('POST', `/${id}/resume`, {})).body).toMatchObject({
    status: 'active',
    pause_reason: null,
  });
  expect((await answer('POST', `/${id}/rotate-secret`, {})).body).toMatchObject({
    secret: expect.stringMatching(/^whsec_/),
    webhook: { former_secret_until: expect.stringMatching(/Z$/) },
  });
  const tested = await answer('POST', `/${id}/test`);
  expect(tested).toMatchObject({
    status: 200,
    body: { status: 'delivered', log: [{ response_status: 204 }] },
  });

  const user = { name: 'anna', roles: ['viewer'] };
  expect((await world.request('POST', '/api/v1/system/users', { body: user })).status).toBe(201);
  const messages = await receiver.reach(2);
  expect(messages.find(({ event }) => event.type === 'user.created')?.event['data']).toMatchObject({
    name: 'anna',
  });
  const list = await answer('GET', `/${id}/deliveries?limit=1`);
  const [delivery] = list.body['items'] as { id: string }[];
  expect(await answer('GET', `/${id}/deliveries/${delivery?.id}`)).toMatchObject({
    status: 200,
    body: { id: delivery?.id },
  });
  expect((await answer('POST', `/${id}/deliveries/${delivery?.id}/redeliver`)).status).toBe(200);
  const since = '2026-01-01T00:00:00Z';
  expect((await answer('POST', `/${id}/redeliver-failed`, { since })).body).toMatchObject({
    count: 0,
    more: false,
  });

  expect((await answer('DELETE', `/${id}`)).status).toBe(204);
  expect(await answer('GET', `/${id}`)).toMatchObject({ status: 404, body: { code: 'WEBHOOK_NOT_FOUND' } });
});

test('nobody but an administrator sees or changes webhooks', async () => {
  const routes = [
    ['GET', ''],
    ['POST', ''],
    ['GET', '/x'],
    ['PATCH', '/x'],
    ['DELETE', '/x'],
    ['POST', '/x/pause'],
    ['POST', '/x/resume'],
    ['POST', '/x/rotate-secret'],
    ['POST', '/x/test'],
    ['GET', '/x/deliveries'],
    ['GET', '/x/deliveries/y'],
    ['POST', '/x/deliveries/y/redeliver'],
    ['POST', '/x/redeliver-failed'],
  ] as const;
  for (const [method, tail] of routes) {
    for (const role of ['operator', 'viewer', 'system'] as const) {
      expect((await world.request(method, `${path}${tail}`, { role })).status, `${method} ${tail}`).toBe(403);
    }
    expect((await world.request(method, `${path}${tail}`, { role: null })).status).toBe(401);
  }
});

test.each([
  [{}, 400],
  [{ url: 'https://hooks.example.com/' }, 400],
  [{ url: 'nonsense', patterns: ['**'] }, 400],
  [{ url: 'https://hooks.example.com/', patterns: [] }, 400],
  [{ url: 'https://hooks.example.com/', patterns: ['**'], secret: 'mine' }, 400],
  [{ url: 'https://hooks.example.com/', patterns: ['**'], headers: { Host: 'x' } }, 400],
  [{ url: 'https://hooks.example.com/', patterns: ['**'], headers: { A: 1 } }, 400],
  [
    {
      url: 'https://hooks.example.com/',
      patterns: ['**'],
      headers: Object.fromEntries(Array.from({ length: 11 }, (_, number) => [`a${number}`, 'b'])),
    },
    400,
  ],
  [{ url: `https://hooks.example.com/${'x'.repeat(2_048)}`, patterns: ['**'] }, 400],
  [{ url: 'https://hooks.example.com/', patterns: ['**'] }, 422],
])('faulty webhook %# is refused with a remedy', async (given, status) => {
  expect(await answer('POST', '', given)).toMatchObject({
    status,
    body: { remedy: expect.stringMatching(/./) },
  });
});

test('an edit of the YAML that names a host is in force at once', async () => {
  await using second = await startReceiver();
  const given = { url: second.url, patterns: ['user.*'] };
  expect(await answer('POST', '', given)).toMatchObject({
    status: 422,
    body: { code: 'WEBHOOK_HOST_NOT_ALLOWED' },
  });
  await world.configure({
    webhooks: {
      allowed_hosts: [receiver.host, second.host],
      allowed_networks: ['127.0.0.0/8'],
      allow_http: true,
    },
  });
  let made = await answer('POST', '', given);
  for (const begun = performance.now(); made.status === 422 && performance.now() - begun < 30_000;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    made = await answer('POST', '', given);
  }
  expect(made.status).toBe(201);
});

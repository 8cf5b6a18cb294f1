import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';

let world: TestAppliance;
beforeAll(async () => {
  const rate_limit = { requests_per_minute: 10_000_000, burst_size: 10_000_000 };
  world = await createTestAppliance({ configuration: { security: { jwt_expiry: 30, rate_limit } } });
});
afterAll(async () => world[Symbol.asyncDispose]());

const issue = (): Promise<string> => world.appliance.rooms.auth.issueLocalToken('admin');

/** Reads a stream of events until `done` says so of a message, or to its end; keeps the last id as browsers do. */
async function follow(
  path: string,
  token: string,
  given: {
    readonly after?: string;
    readonly done?: (event: string) => boolean;
    readonly onOpen?: () => void;
  },
): Promise<{ messages: { event: string; data: unknown }[]; lastId: string | undefined }> {
  const { after: lastEventId } = given;
  const answer = await fetch(`${world.url}${path}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  expect(answer.status).toBe(200);
  given.onOpen?.();
  const messages: { event: string; data: unknown }[] = [];
  let lastId = lastEventId;
  let text = '';
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const frames = (text + chunk).split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1];
      lastId = field('id') ?? lastId;
      const data = field('data');
      const event = field('event') ?? 'message';
      if (data !== undefined) messages.push({ event, data: JSON.parse(data) });
      if (data !== undefined && given.done?.(event) === true) return { messages, lastId };
    }
  }
  return { messages, lastId };
}

const isClient = (event: string): boolean => event === 'client.created';
const ended = { event: 'end', data: { reason: 'token_ended' } };

test('a stream ends with its token, and with another one goes on where it was, whether it had a message or not', async () => {
  const { users, clients } = world.appliance.rooms.auth;
  const token = await issue();
  const open = Promise.withResolvers<void>();
  const quietOpen = Promise.withResolvers<void>();
  const reading = follow('/sse/events?pattern=user.created', token, { onOpen: open.resolve });
  const quiet = follow('/sse/events?pattern=client.*', token, { onOpen: quietOpen.resolve });
  const socket = new WebSocket(`${world.url.replace('http', 'ws')}/ws/events?pattern=client.*`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const closed = new Promise<[number, string]>((resolve) =>
    socket.once('close', (code, reason) => resolve([code, reason.toString()])),
  );
  await Promise.all([open.promise, quietOpen.promise]);
  const created: string[] = [];
  const create = async (): Promise<void> => {
    created.push((await users.create({ name: `user-${created.length}`, roles: [] })).user.name);
  };
  const stopping = new AbortController();
  const creating = (async () => {
    while (!stopping.signal.aborted) {
      await create();
      await pause(300);
    }
  })();
  const first = await reading;
  const quietEnd = await quiet;
  expect(await closed).toEqual([1008, 'token_ended']);
  stopping.abort();
  await creating;
  expect(first.messages.at(-1)).toEqual(ended);
  expect(quietEnd.messages).toEqual([ended]);

  await create();
  await clients.create({ client_id: 'late', roles: ['viewer'] });
  const second = await follow('/sse/events', await issue(), { after: first.lastId ?? '', done: isClient });
  const seen = [...first.messages, ...second.messages]
    .filter(({ event }) => event === 'user.created')
    .map(({ data }) => Reflect.get(Object(Reflect.get(Object(data), 'data')), 'name'));
  expect(seen).toEqual(created);
  const resumed = await follow('/sse/events?pattern=client.*', await issue(), {
    after: quietEnd.lastId ?? '',
    done: isClient,
  });
  expect(resumed.messages).toHaveLength(1);
}, 120_000);

test('a stream of a revoked token ends with the next sweep', async () => {
  const { clients } = world.appliance.rooms.auth;
  const { secret = '' } = await clients.create({ client_id: 'worker', roles: ['viewer'] });
  const form = { client_id: 'worker', client_secret: secret };
  const realm = `${world.url}/realms/orchestrall/protocol/openid-connect`;
  const post = (path: string, more: Record<string, string>): Promise<Response> =>
    fetch(`${realm}/${path}`, { method: 'POST', body: new URLSearchParams({ ...form, ...more }) });
  const issued = await (await post('token', { grant_type: 'client_credentials' })).text();
  const token = /"access_token":"([^"]+)"/.exec(issued)?.[1] ?? '';
  const open = Promise.withResolvers<void>();
  const reading = follow('/sse/events?pattern=client.*', token, { onOpen: open.resolve });
  await open.promise;
  const startedAtMs = performance.now();
  expect((await post('revoke', { token })).status).toBe(200);
  expect((await reading).messages).toEqual([ended]);
  // Before its expiry, so that it is the revocation that ended it.
  expect(performance.now() - startedAtMs).toBeLessThan(29_000);
}, 120_000);

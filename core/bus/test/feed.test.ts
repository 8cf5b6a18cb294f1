import { defineEvent } from '@orchestrall/sdk';
import type { Bus, Role } from '@orchestrall/sdk';
import { once } from 'node:events';
import { connect } from 'node:net';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import type { Registration } from '../../telemetry/owner.ts';
import { createCollector, createOwner, until } from './fixture.ts';

const told = defineEvent('feed.told', Type.Object({ text: Type.String() }));

let world: TestAppliance;
let plugin: Registration<Bus>;
beforeAll(async () => {
  world = await createTestAppliance();
  const { bus, database } = world.appliance.rooms;
  await database.preparePlugin('feed');
  plugin = bus.forPlugin(createOwner('feed'), [told]);
  await plugin.prepare();
  plugin.activate();
});
afterAll(async () => {
  await plugin?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

async function tell(text: string, visibleTo?: readonly Role[]): Promise<void> {
  await plugin.api.emit(told, { text }, visibleTo === undefined ? {} : { visibleTo });
}

async function head(): Promise<number> {
  return (await world.appliance.rooms.bus.statistics()).head;
}

interface Message {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** Reads messages of `/sse/events` until one holds `last`. */
async function readFeed(role: Role, last: string, headers: Record<string, string> = {}): Promise<Message[]> {
  const end = new AbortController();
  const answer = await world.request('GET', '/sse/events?pattern=feed.*', {
    role,
    headers,
    signal: end.signal,
  });
  expect(answer.status).toBe(200);
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes(last) && text.endsWith('\n\n')) break;
  }
  end.abort();
  return text.split('\n\n').flatMap((frame) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1];
    const data = field('data');
    return data === undefined ? [] : [{ id: field('id'), event: field('event'), data }];
  });
}

const textOf = ({ data }: { readonly data: unknown }): unknown => {
  const event: unknown = typeof data === 'string' ? JSON.parse(data) : data;
  return Object(Object(event).data).text;
};

/** Reads messages of `/ws/events` behind a position until one holds `last`. */
async function readSocket(role: Role, last: string, after: number): Promise<unknown[]> {
  const url = `${world.url.replace('http', 'ws')}/ws/events?pattern=feed.*&after=${after}`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${await world.token(role)}` } });
  const messages: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (message: Buffer) => {
      const parsed: { readonly data: unknown } = JSON.parse(message.toString());
      messages.push(textOf(parsed));
      if (messages.at(-1) === last) resolve();
    });
  });
  socket.terminate();
  return messages;
}

/** What a caller finds in the history behind a position, oldest first. */
async function readHistory(role: Role, after: number): Promise<{ texts: unknown[]; ids: string[] }> {
  const path = `/api/v1/system/events?pattern=feed.*&order=ascending&after_position=${after}`;
  const answer = await world.request('GET', path, { role });
  const page: { readonly items: readonly { readonly id: string; readonly data: unknown }[] } = JSON.parse(
    await answer.text(),
  );
  return { texts: page.items.map((item) => textOf({ data: item })), ids: page.items.map(({ id }) => id) };
}

describe('what happens, as callers are shown it', () => {
  it.each([
    ['viewer', ['for all', 'last']],
    ['operator', ['for operators', 'for all', 'last']],
    ['system', ['for systems', 'for all', 'last']],
    ['admin', ['for systems', 'for operators', 'for admins', 'for all', 'last']],
  ] as const)('%s sees what names its role, over SSE, WebSocket and in the history', async (role, seen) => {
    const before = await head();
    await tell('for systems', ['system']);
    await tell('for operators', ['operator']);
    await tell('for admins', ['admin']);
    await tell('for all');
    await tell('last');
    const messages = await readFeed(role, '"last"', { 'last-event-id': String(before) });
    expect(messages.map(textOf)).toEqual(seen);
    expect(await readSocket(role, 'last', before)).toEqual(seen);
    if (role === 'system') return;
    expect((await readHistory(role, before)).texts).toEqual(seen);
    const all = await readHistory('admin', before);
    for (const [index, id] of all.ids.entries()) {
      const answer = await world.request('GET', `/api/v1/system/events/${id}`, { role });
      expect(answer.status, String(all.texts[index])).toBe(
        seen.some((text) => text === all.texts[index]) ? 200 : 404,
      );
    }
  });

  it('counts for operators only, since counts name every type', async () => {
    const path = '/api/v1/system/events/statistics';
    expect((await world.request('GET', path, { role: 'viewer' })).status).toBe(403);
    const answer = await world.request('GET', path, { role: 'operator' });
    expect(await answer.json()).toMatchObject({
      by_type: expect.arrayContaining([{ type: 'feed.told', count: expect.any(Number) }]),
    });
  });

  it('says reset to a client that comes back after the retention has removed what it missed, and goes on', async () => {
    const before = await head();
    for (const text of ['one', 'two', 'three']) await tell(text);
    const { bus, database } = world.appliance.rooms;
    await until(async () => (await head()) >= before + 3);
    const after = { 'last-event-id': String(before + 1) };
    expect((await readFeed('viewer', 'three', after)).map(textOf)).toEqual(['two', 'three']);
    await database.core().query(`update core.events set time = now() - interval '31 days'`);
    expect(await bus.trim()).toBeGreaterThan(0);
    const reading = readFeed('viewer', 'four', after);
    const reset = { ended: false };
    void reading.finally(() => {
      reset.ended = true;
    });
    await until(async () => {
      await tell('four');
      return reset.ended;
    });
    const [first, ...rest] = await reading;
    // The head at the moment of coming back, which the events of meanwhile may have moved.
    const { position, oldest } = JSON.parse(first?.data ?? '{}');
    expect(first).toMatchObject({ event: 'reset', id: String(position) });
    expect(position).toBeGreaterThanOrEqual(before + 3);
    expect(oldest).toBe(before + 4);
    expect(textOf(rest[0] ?? { data: {} })).toBe('four');
  });

  it('ends the stream of a reader that falls too far behind, and says why once it reads on', async () => {
    const { hostname, port } = new URL(world.url);
    const socket = connect(Number(port), hostname);
    const heard = createCollector<string>(60_000);
    socket.on('data', (chunk) => heard.add(chunk.toString()));
    socket.write(
      `GET /sse/events?pattern=feed.* HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
        `Authorization: Bearer ${await world.token('viewer')}\r\n\r\n`,
    );
    await heard.reach(1);
    await until(async () => {
      await tell('live');
      return heard.items.some((chunk) => chunk.includes('"live"'));
    });
    socket.pause();
    const database = world.appliance.rooms.database.forPlugin('feed');
    const emit = (count: number, text: string): Promise<void> =>
      database.transaction(async (tx) => {
        for (let number = 0; number < count; number += 1) tx.emit(told, { text });
      });
    // More than the buffers of both ends hold, then more events than a reader may be behind.
    for (let batch = 0; batch < 10; batch += 1) await emit(40, 'x'.repeat(50_000));
    for (let batch = 0; batch < 11; batch += 1) await emit(1_000, 'small');
    await until(async () => (await head()) > 11_000);
    socket.resume();
    let tail = '';
    socket.on('data', (chunk) => {
      tail = (tail + chunk.toString()).slice(-1_000);
    });
    await until(() => tail.includes('event: slow_reader'), 60_000);
    expect(tail).toContain('data: {"reason":"slow_reader"}');
    socket.destroy();
    await once(socket, 'close');
  }, 120_000);
});

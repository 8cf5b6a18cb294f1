import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createCollector, until } from '../../bus/test/fixture.ts';
import { startReceiver, takes } from './receiver.ts';
import type { Answering } from './receiver.ts';
import { settingsFor, startStage, untilDeliveries } from './stage.ts';

const refuses: Answering = (_message, response) => void response.writeHead(500).end('not today');

test('what a receiver missed while it was down comes once it is up, with every attempt in the log', async () => {
  const down = await startReceiver();
  const { host, url, port } = down;
  await down[Symbol.asyncDispose]();
  await using stage = await startStage(settingsFor([host]), {
    pauses: Array.from({ length: 10 }, () => 200),
  });
  const { webhook } = await stage.webhooks.registry.create({ url, patterns: ['**'] });
  const ids = [await stage.emit({ number: 1 }), await stage.emit({ number: 2 })];
  await untilDeliveries(stage, webhook.id, (items) => items.some(({ attempts }) => attempts > 0));
  await using up = await startReceiver(takes, { port });
  await up.reach(2);
  const items = await untilDeliveries(stage, webhook.id, (all) =>
    all.every(({ status }) => status === 'delivered'),
  );
  expect(new Set(up.received.map(({ event }) => event.id))).toEqual(new Set(ids));
  const tried = items.find(({ attempts }) => attempts > 1);
  if (tried === undefined) throw new Error('nothing was tried twice');
  const { log } = await stage.webhooks.deliveries.get(webhook.id, tried.id);
  expect(log[0]).toMatchObject({
    number: 1,
    response_status: null,
    error: expect.stringMatching(/ECONNREFUSED/),
  });
  expect(log.at(-1)).toMatchObject({ number: tried.attempts, response_status: 204, error: null });
  expect(tried.last_attempt).toEqual(log.at(-1));
});

test('a delivery is given up after its last attempt, and when its time is over', async () => {
  await using receiver = await startReceiver(refuses);
  await using stage = await startStage(settingsFor([receiver.host]), { pauses: [1, 1] });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({});
  const [failed] = await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'failed');
  expect(failed).toMatchObject({ attempts: 3, next_at: null });
  expect(failed?.last_attempt).toMatchObject({ response_status: 500, response: 'not today' });
  expect(await stage.webhooks.registry.get(webhook.id)).toMatchObject({ waiting: 0, failures: 3 });

  await stage.webhooks.registry.pause(webhook.id);
  await stage.webhooks.registry.resume(webhook.id, false);
  await stage.database.query(`create function expire() returns trigger language plpgsql as
    $$ begin new.expires_at := clock_timestamp(); return new; end $$`);
  await stage.database.query(
    'create trigger expire before insert on webhook_deliveries for each row execute function expire()',
  );
  await stage.emit({});
  const [expired] = await untilDeliveries(
    stage,
    webhook.id,
    ([one]) => one?.status === 'failed' && one.id !== failed?.id,
  );
  expect(expired).toMatchObject({ attempts: 1 });
});

test('a redirect is a failure and is not followed', async () => {
  await using elsewhere = await startReceiver();
  await using receiver = await startReceiver((_message, response) => {
    response.writeHead(307, { location: elsewhere.url }).end();
  });
  await using stage = await startStage(settingsFor([receiver.host, elsewhere.host]), { pauses: [1] });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({});
  const [failed] = await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'failed');
  expect(failed?.last_attempt).toMatchObject({
    response_status: 307,
    error: 'the receiver answered 307; redirects are not followed',
  });
  expect(elsewhere.received).toEqual([]);
});

test('410 Gone pauses a webhook at once, tells it, and leaves what waits', async () => {
  await using receiver = await startReceiver((_message, response) => void response.writeHead(410).end());
  await using stage = await startStage(settingsFor([receiver.host]));
  const told = createCollector<unknown>();
  stage.bus.observe('webhook.paused', ({ data }) => told.add(data));
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['note.*'] });
  await stage.emit({ number: 1 });
  await stage.emit({ number: 2 });
  await told.reach(1);
  expect(told.items).toEqual([{ webhook_id: webhook.id, host: receiver.host, reason: 'gone', failures: 1 }]);
  expect(await stage.webhooks.registry.get(webhook.id)).toMatchObject({
    status: 'paused',
    pause_reason: 'gone',
  });
  receiver.answer = takes;
  await stage.webhooks.registry.resume(webhook.id, false);
  await receiver.reach(3);
  await untilDeliveries(stage, webhook.id, (items) => items.every(({ status }) => status === 'delivered'));
  expect(receiver.received.slice(1).map(({ event }) => event['data'])).toEqual([
    { number: 1 },
    { number: 2 },
  ]);
});

test('a webhook is paused after so many failures in a row, once they have lasted long enough', async () => {
  await using receiver = await startReceiver(refuses);
  const settings = settingsFor([receiver.host], { pause_after_failures: 3, pause_after_hours: 1 });
  await using stage = await startStage(settings, { pauses: Array.from({ length: 10 }, () => 1) });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({});
  await until(async () => (await stage.webhooks.registry.get(webhook.id)).failures >= 4);
  expect(await stage.webhooks.registry.get(webhook.id)).toMatchObject({ status: 'active' });
  await stage.database.query(`update webhooks set failing_since = now() - interval '1 hour'`);
  await until(async () => (await stage.webhooks.registry.get(webhook.id)).status === 'paused');
  expect(await stage.webhooks.registry.get(webhook.id)).toMatchObject({ pause_reason: 'failing' });
});

test('a success in between begins the count of failures anew', async () => {
  let failing = true;
  await using receiver = await startReceiver((message, response, request) => {
    failing = !failing;
    (failing ? takes : refuses)(message, response, request);
  });
  const settings = settingsFor([receiver.host], { pause_after_failures: 2, pause_after_hours: 0 });
  await using stage = await startStage(settings);
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  for (let number = 0; number < 5; number += 1) {
    await stage.emit({ number });
    await untilDeliveries(
      stage,
      webhook.id,
      (items) => items.length === number + 1 && items.every(({ status }) => status === 'delivered'),
    );
  }
  expect(await stage.webhooks.registry.get(webhook.id)).toMatchObject({ status: 'active', failures: 0 });
});

test('a huge answer is read no further than the log keeps, and is a success by its status', async () => {
  let written = 0;
  await using receiver = await startReceiver((_message, response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(65_536, 'x');
    const write = (): void => {
      while (written < 1_073_741_824 && !response.destroyed) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', write);
      }
    };
    write();
  });
  await using stage = await startStage(settingsFor([receiver.host]));
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({});
  const [delivered] = await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'delivered');
  expect(delivered?.last_attempt?.response).toBe(`${'x'.repeat(500)}…`);
  expect(written).toBeLessThan(16_777_216);
});

test.each<[string, Answering, RegExp]>([
  ['says nothing', () => undefined, /no answer within 1000 ms/],
  [
    'cuts the connection',
    (_message, _response, request) => void request.socket.destroy(),
    /hang up|ECONNRESET/,
  ],
  [
    'speaks no HTTP',
    (_message, _response, request) => void request.socket.end('220 mail ready\r\n'),
    /Parse Error/,
  ],
  [
    'upgrades',
    (_message, _response, request) =>
      void request.socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      ),
    /./,
  ],
  [
    'answers with headers without end',
    (_message, _response, request) =>
      void request.socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`),
    /Header overflow|Parse Error/i,
  ],
])('a receiver that %s is a failure with its reason', async (_what, answer, reason) => {
  await using receiver = await startReceiver(answer);
  await using stage = await startStage(settingsFor([receiver.host], { timeout: 1 }), { pauses: [] });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({});
  const [failed] = await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'failed');
  expect(failed?.last_attempt).toMatchObject({ response_status: null, error: expect.stringMatching(reason) });
});

test('Retry-After lets the whole webhook rest', async () => {
  await using receiver = await startReceiver((_message, response) => {
    response.writeHead(429, { 'retry-after': '3600' }).end();
  });
  await using stage = await startStage(settingsFor([receiver.host]), { pauses: [1, 1] });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({ number: 1 });
  const [first] = await untilDeliveries(stage, webhook.id, ([one]) => one?.attempts === 1);
  expect(Date.parse(first?.next_at ?? '') - Date.now()).toBeGreaterThan(3_500_000);
  await stage.emit({ number: 2 });
  await untilDeliveries(stage, webhook.id, (items) => items.length === 2);
  await pause(300);
  expect(receiver.received).toHaveLength(1);
  receiver.answer = takes;
  await stage.database.query('update webhooks set rest_until = now()');
  await stage.emit({ number: 3 });
  await receiver.reach(3);
  expect(receiver.received.map(({ event }) => event['data'])).toEqual([
    { number: 1 },
    { number: 2 },
    { number: 3 },
  ]);
});

test('an event that the history no longer holds ends its delivery, which cannot be asked for again', async () => {
  await using receiver = await startReceiver(refuses);
  await using stage = await startStage(settingsFor([receiver.host]), { pauses: [300, 300, 300] });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({});
  await untilDeliveries(stage, webhook.id, ([one]) => one?.attempts === 1);
  await stage.database.query('delete from events');
  const [failed] = await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'failed');
  expect(failed?.last_attempt?.error).toBe('the event is no longer in the history, or was erased');
  await expect(stage.webhooks.deliveries.redeliver(webhook.id, failed?.id ?? '')).rejects.toMatchObject({
    code: 'WEBHOOK_EVENT_GONE',
  });
});

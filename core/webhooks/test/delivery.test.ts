import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../../bus/test/fixture.ts';
import { isSigned, startReceiver, takes } from './receiver.ts';
import { settingsFor, startStage, untilDeliveries } from './stage.ts';

test('each matching event from the creation on is sent once, in order, signed, as a CloudEvent', async () => {
  await using receiver = await startReceiver();
  await using stage = await startStage(settingsFor([receiver.host]));
  await stage.emit({ number: -1 });
  await until(() => stage.bus.position === 1);
  const { webhook, secret } = await stage.webhooks.registry.create({
    url: receiver.url,
    patterns: ['note.*', 'note.written'],
    headers: { Authorization: 'Bearer of-the-receiver' },
  });
  const ids: string[] = [];
  for (let number = 0; number < 30; number += 1) {
    ids.push(await stage.emit({ number }));
    if (number % 3 === 0) await stage.emit({ number }, 'page');
  }
  const received = await receiver.reach(30);
  const deliveries = await untilDeliveries(stage, webhook.id, (items) =>
    items.every(({ status }) => status === 'delivered'),
  );
  expect(received.map(({ event }) => event.id)).toEqual(ids);
  expect(receiver.received).toHaveLength(30);
  expect(deliveries.map(({ event_id }) => event_id)).toEqual(ids.toReversed());

  const [first] = received;
  if (first === undefined) throw new Error('nothing came');
  expect(first.event).toMatchObject({
    specversion: '1.0',
    type: 'note.written',
    source: '/core/kernel',
    datacontenttype: 'application/json',
    data: { number: 0 },
  });
  expect(first.headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'x-event-id': ids[0],
    'x-delivery-id': deliveries.at(-1)?.id,
    'x-delivery-attempt': '1',
    authorization: 'Bearer of-the-receiver',
  });
  for (const message of received) expect(isSigned(message, secret)).toBe(true);
  expect(isSigned(first, `${secret}x`)).toBe(false);
  expect(await stage.webhooks.registry.get(webhook.id)).toMatchObject({ waiting: 0, failures: 0 });
});

test('a webhook for everything is not sent what sending it causes', async () => {
  await using receiver = await startReceiver();
  await using stage = await startStage(settingsFor([receiver.host]));
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({});
  await receiver.reach(1);
  await until(async () => {
    const [row] = await stage.database.query<{ count: number }>('select count(*) as count from ended_jobs');
    return (row?.count ?? 0) > 0;
  });
  await stage.emit({ last: true });
  const received = await receiver.reach(2);
  expect(received.map(({ event }) => event.type)).toEqual(['note.written', 'note.written']);
  await untilDeliveries(stage, webhook.id, (items) => items.every(({ status }) => status === 'delivered'));
});

test('two processes on one database send each event once', async () => {
  await using receiver = await startReceiver();
  await using stage = await startStage(settingsFor([receiver.host]));
  await using second = stage.another();
  await second.start();
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['note.*'] });
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(Array.from({ length: 20 }, async (_, number) => stage.emit({ round, number })));
  }
  await receiver.reach(100);
  await untilDeliveries(stage, webhook.id, (items) => items.every(({ status }) => status === 'delivered'));
  expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(100);
  expect(receiver.received).toHaveLength(100);
  const positions = receiver.received.map(({ event }) => Number(event['position']));
  expect(positions).toEqual(positions.toSorted((left, right) => left - right));
});

test('a slow receiver holds up neither others nor the bus', async () => {
  await using slow = await startReceiver(() => undefined);
  await using quick = await startReceiver();
  await using stage = await startStage(settingsFor([slow.host, quick.host], { timeout: 30 }));
  const { registry } = stage.webhooks;
  for (let number = 0; number < 10; number += 1) {
    await registry.create({ url: `${slow.url}/${number}`, patterns: ['**'] });
  }
  const { webhook } = await registry.create({ url: quick.url, patterns: ['**'] });
  for (let number = 0; number < 20; number += 1) await stage.emit({ number });
  await quick.reach(20);
  await untilDeliveries(stage, webhook.id, (items) => items.every(({ status }) => status === 'delivered'));
  expect(slow.received).toHaveLength(10);
});

test('to one receiver one message is under way at a time, and none twice, whatever comes meanwhile', async () => {
  const held: ServerResponse[] = [];
  await using receiver = await startReceiver((_message, response) => void held.push(response));
  await using stage = await startStage(settingsFor([receiver.host], { timeout: 30 }));
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({ number: 0 });
  await receiver.reach(1);
  for (let number = 1; number < 4; number += 1) {
    await stage.emit({ number });
    await untilDeliveries(stage, webhook.id, (items) => items.length === number + 1);
  }
  // Several times as long as a job waits for being begun.
  await pause(500);
  expect(receiver.received).toHaveLength(1);
  receiver.answer = takes;
  for (const response of held) response.end();
  await untilDeliveries(stage, webhook.id, (items) => items.every(({ status }) => status === 'delivered'));
  expect(receiver.received.map(({ event }) => event['data'])).toEqual(
    [0, 1, 2, 3].map((number) => ({ number })),
  );
});

test('a job that is cancelled while something waits is replaced', async () => {
  await using receiver = await startReceiver((_message, response) => void response.writeHead(500).end());
  await using stage = await startStage(settingsFor([receiver.host]), { pauses: [3_600_000, 3_600_000] });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.emit({});
  await untilDeliveries(stage, webhook.id, ([one]) => one?.attempts === 1);
  const jobOf = async (): Promise<string | null> => {
    const [row] = await stage.database.query<{ job_id: string | null }>('select job_id from webhooks');
    return row?.job_id ?? null;
  };
  await until(async () => {
    const [row] = await stage.database.query<{ count: number }>(
      'select count(*) as count from jobs where leased_until is null',
    );
    return row?.count === 1;
  });
  const before = await jobOf();
  await stage.database.query('select cancel_job($1, null)', [before]);
  await using second = stage.another();
  // It looks at once when it starts.
  await second.start();
  await until(async () => (await jobOf()) !== before);
  receiver.answer = takes;
  const [waiting] = await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'pending');
  await stage.webhooks.deliveries.redeliver(webhook.id, waiting?.id ?? '');
  const [delivery] = await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'delivered');
  expect(delivery).toMatchObject({ attempts: 2 });
});

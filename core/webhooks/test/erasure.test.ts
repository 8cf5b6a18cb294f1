import { expect, test } from 'vitest';
import { startReceiver, takes } from './receiver.ts';
import { noted, settingsFor, startStage, untilDeliveries } from './stage.ts';

test('what is erased is sent no more, and what receivers repeated of it is not kept', async () => {
  const planted = 'Ada Lovelace';
  await using receiver = await startReceiver(
    (message, response) => void response.writeHead(500).end(message.text),
  );
  await using stage = await startStage(settingsFor([receiver.host]), { pauses: [3_600_000] });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  await stage.bus.emitFromCore(noted, { of: planted }, { room: 'kernel', subject: 'erased' });
  await stage.bus.emitFromCore(noted, { of: 'someone else' }, { room: 'kernel', subject: 'kept' });
  await untilDeliveries(
    stage,
    webhook.id,
    (items) => items.length === 2 && items.every(({ attempts }) => attempts === 1),
  );
  await stage.database.transaction((tx) => tx.eraseHistory([{ type: 'note', id: 'erased' }]));
  const tables = ['webhooks', 'webhook_deliveries', 'webhook_attempts', 'events', 'jobs', 'ended_jobs'];
  const left = await Promise.all(tables.map((table) => stage.database.query(`select * from ${table}`)));
  expect(JSON.stringify(left)).not.toContain(planted);
  expect(JSON.stringify(left)).toContain('someone else');

  receiver.answer = takes;
  const [kept, erased] = (await stage.webhooks.deliveries.list(webhook.id)).items;
  await expect(stage.webhooks.deliveries.redeliver(webhook.id, erased?.id ?? '')).rejects.toMatchObject({
    code: 'WEBHOOK_EVENT_GONE',
  });
  await stage.database.query('update webhook_deliveries set next_at = now()');
  await stage.webhooks.deliveries.redeliver(webhook.id, kept?.id ?? '');
  const [sent, failed] = await untilDeliveries(stage, webhook.id, (items) =>
    items.every(({ status }) => status !== 'pending'),
  );
  expect([sent?.status, failed?.status]).toEqual(['delivered', 'failed']);
  expect(receiver.received).toHaveLength(3);
});

test('an answer that comes after the erasure is not kept either, and an event erased before it is fed is not sent', async () => {
  const held: (() => void)[] = [];
  await using receiver = await startReceiver((message, response) => {
    held.push(() => void response.writeHead(500).end(message.text));
  });
  await using stage = await startStage(settingsFor([receiver.host]), { pauses: [] });
  const { webhook } = await stage.webhooks.registry.create({
    url: receiver.url,
    patterns: ['note.*', 'event.*'],
  });
  const options = { room: 'kernel', subject: 'erased' };
  await stage.bus.emitFromCore(noted, { of: 'Ada Lovelace' }, options);
  await receiver.reach(1);
  await stage.database.transaction((tx) => tx.eraseHistory([{ type: 'note', id: 'erased' }]));
  for (const answer of held) answer();
  const [failed] = await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'failed');
  expect(failed?.last_attempt).toMatchObject({ response_status: 500, response: null });

  await stage.webhooks.registry.pause(webhook.id);
  await stage.bus.emitFromCore(noted, { of: 'Ada Lovelace' }, options);
  await stage.database.transaction((tx) => tx.eraseHistory([{ type: 'note', id: 'erased' }]));
  receiver.answer = takes;
  await stage.webhooks.registry.resume(webhook.id, false);
  const last = await stage.emit({ last: true });
  await receiver.reach(2);
  expect(receiver.received.at(-1)?.event.id).toBe(last);
});

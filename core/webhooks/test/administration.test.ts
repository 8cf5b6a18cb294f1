import { Secret } from '@orchestrall/sdk';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../bus/test/fixture.ts';
import { createSeal } from '../../database/seal.ts';
import { maxWebhooks } from '../limits.ts';
import type { NewWebhook, WebhookChange } from '../endpoints/webhook.ts';
import { isSigned, startReceiver, takes } from './receiver.ts';
import type { Receiver } from './receiver.ts';
import { settingsFor, startStage, untilDeliveries } from './stage.ts';
import type { Stage } from './stage.ts';

let receiver: Receiver;
let stage: Stage;

beforeAll(async () => {
  receiver = await startReceiver();
  stage = await startStage(settingsFor([receiver.host, 'hooks.example.com', '10.0.0.1', '[::1]']), {
    pauses: [],
  });
});
beforeEach(async () => {
  receiver.answer = takes;
  receiver.received.length = 0;
  for (const { id } of await stage.webhooks.registry.list()) await stage.webhooks.registry.remove(id);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const create = (given: Partial<NewWebhook> = {}): ReturnType<Stage['webhooks']['registry']['create']> =>
  stage.webhooks.registry.create({ url: receiver.url, patterns: ['note.*'], ...given });

test.each<[string, Partial<NewWebhook>, string]>([
  ['url', { url: 'hooks.example.com' }, '/url'],
  ['url', { url: 'ftp://hooks.example.com/' }, '/url'],
  ['url', { url: 'file:///etc/passwd' }, '/url'],
  ['url', { url: 'https://user:word@hooks.example.com/' }, '/url'],
  ['url', { url: 'https://hooks.example.com/#part' }, '/url'],
  ['url', { url: 'https://hooks.example.com/a b' }, '/url'],
  ['url', { url: 'https://hooks.example.com/\r\nx: y' }, '/url'],
  ['url', { url: 'https://hooks.example.com/\ud800' }, '/url'],
  ['pattern', { patterns: ['note.*', 'Note'] }, '/patterns/1'],
  ['pattern', { patterns: [''] }, '/patterns/0'],
  ['pattern', { patterns: ['a\0b'] }, '/patterns/0'],
  ['header', { headers: { Host: 'other' } }, '/headers/Host'],
  ['header', { headers: { 'X-Signature': 'forged' } }, '/headers/X-Signature'],
  ['header', { headers: { 'Transfer-Encoding': 'chunked' } }, '/headers/Transfer-Encoding'],
  ['header', { headers: { 'a b': 'c' } }, '/headers/a b'],
  ['header', { headers: { A: 'line\r\nbreak' } }, '/headers/A'],
  ['header', { headers: { A: '' } }, '/headers/A'],
  ['headers', { headers: { A: '1', a: '2' } }, '/headers'],
  ['description', { description: 'a\0b' }, '/description'],
])('a faulty %s is refused by name: %j', async (_what, given, path) => {
  await expect(create(given)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    details: { faults: [{ path, message: expect.stringMatching(/./) }] },
  });
  const { webhook } = await create();
  await expect(stage.webhooks.registry.update(webhook.id, given)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
  expect(await stage.webhooks.registry.get(webhook.id)).toEqual(webhook);
});

test.each([
  ['https://elsewhere.example.com/', 'WEBHOOK_HOST_NOT_ALLOWED'],
  ['https://hooks.example.com:8443/', 'WEBHOOK_HOST_NOT_ALLOWED'],
  ['https://hooks.example.com.evil.test/', 'WEBHOOK_HOST_NOT_ALLOWED'],
  ['https://10.0.0.1/', 'WEBHOOK_ADDRESS_REFUSED'],
  ['https://0xa000001/', 'WEBHOOK_ADDRESS_REFUSED'],
  ['https://167772161/', 'WEBHOOK_ADDRESS_REFUSED'],
  ['https://012.0.0.1/', 'WEBHOOK_ADDRESS_REFUSED'],
  ['https://[::1]/', 'WEBHOOK_ADDRESS_REFUSED'],
])('the address %s is refused as %s', async (url, code) => {
  await expect(create({ url })).rejects.toMatchObject({ code, status: 422 });
  expect(await stage.webhooks.registry.list()).toEqual([]);
});

test('http is refused unless the YAML allows it', async () => {
  stage.configure({ allow_http: false });
  await expect(create()).rejects.toMatchObject({ code: 'WEBHOOK_SCHEME_NOT_ALLOWED' });
  stage.configure({ allow_http: true });
  await create();
});

test('what is given is changed, the rest stays, and each act is audited without secrets', async () => {
  const headers = { Authorization: 'Bearer hush-hush' };
  const url = `${receiver.url}/services/T00/hidden-in-the-path?key=hidden-in-the-query`;
  const { webhook, secret } = await create({ url, headers, description: 'for the warehouse' });
  const changes: WebhookChange[] = [
    { patterns: ['**'] },
    { headers: { 'X-Key': 'quiet-please' } },
    { description: '' },
  ];
  for (const change of changes) await stage.webhooks.registry.update(webhook.id, change);
  const { id } = webhook;
  await stage.webhooks.registry.pause(id);
  await stage.webhooks.registry.pause(id);
  await stage.webhooks.registry.resume(id, false);
  const rotated = await stage.webhooks.registry.rotateSecret(id, 60);
  await stage.webhooks.registry.test(id);
  expect(receiver.received.at(-1)?.headers['x-key']).toBe('quiet-please');
  expect(receiver.received.at(-1)?.headers.authorization).toBeUndefined();
  expect(await stage.webhooks.registry.get(id)).toMatchObject({
    url,
    patterns: ['**'],
    description: '',
    header_names: ['X-Key'],
    status: 'active',
  });
  await stage.webhooks.registry.remove(id);
  const entries = await stage.database.query<{ action: string }>(
    'select * from audit_entries where subject_id = $1 order by id',
    [id],
  );
  expect(entries.map(({ action }) => action)).toEqual([
    'webhook.created',
    'webhook.updated',
    'webhook.updated',
    'webhook.updated',
    'webhook.paused',
    'webhook.resumed',
    'webhook.secret_rotated',
    'webhook.tested',
    'webhook.deleted',
  ]);
  const written = JSON.stringify([
    entries,
    stage.log.lines,
    await stage.database.query('select * from events'),
  ]);
  for (const hidden of [secret, rotated.secret, 'hush-hush', 'quiet-please', 'hidden-in'])
    expect(written).not.toContain(hidden);
});

test('secrets and headers are sealed in the database', async () => {
  const { webhook, secret } = await create({ headers: { Authorization: 'Bearer hush-hush' } });
  await stage.webhooks.registry.rotateSecret(webhook.id, 60);
  const [row] = await stage.database.query<Record<string, unknown>>('select * from webhooks');
  const columns = Object.values(row ?? {}).map((value) =>
    Buffer.isBuffer(value) ? value.toString('latin1') : String(value),
  );
  expect(columns.join(' ')).not.toMatch(new RegExp(`${secret}|hush-hush`));
  expect(row?.['former_secret']).toBeInstanceOf(Buffer);
});

test('after a rotation both secrets sign until the grace is over; without grace only the new one does', async () => {
  const { webhook, secret: first } = await create();
  const { secret: second, webhook: shown } = await stage.webhooks.registry.rotateSecret(webhook.id, 3_600);
  expect(Date.parse(shown.former_secret_until ?? '') - Date.now()).toBeGreaterThan(3_500_000);
  await stage.webhooks.registry.test(webhook.id);
  const [both] = receiver.received;
  expect(both !== undefined && isSigned(both, first) && isSigned(both, second)).toBe(true);
  expect(String(both?.headers['x-signature']).match(/v1=/g)).toHaveLength(2);

  await stage.database.query(`update webhooks set former_until = now()`);
  await stage.webhooks.registry.test(webhook.id);
  const after = receiver.received.at(-1);
  expect(after !== undefined && !isSigned(after, first) && isSigned(after, second)).toBe(true);

  const { secret: third } = await stage.webhooks.registry.rotateSecret(webhook.id, 0);
  await stage.webhooks.registry.test(webhook.id);
  const last = receiver.received.at(-1);
  expect(last !== undefined && !isSigned(last, second) && isSigned(last, third)).toBe(true);
});

test('a lost appliance key is a failure that says what to do, and a new secret ends it', async () => {
  const { webhook } = await create();
  const foreign = createSeal(new Secret('a key that was lost'), 'webhook secrets at rest');
  await stage.database.query('update webhooks set sealed_secret = $1', [
    foreign.close('whsec_lost', `webhook ${webhook.id} secret`),
  ]);
  const failed = await stage.webhooks.registry.test(webhook.id);
  const { last_attempt } = await stage.webhooks.deliveries.get(webhook.id, failed);
  expect(last_attempt?.error).toMatch(/cannot be opened.*Rotate the secret/);
  const { secret } = await stage.webhooks.registry.rotateSecret(webhook.id, 3_600);
  await stage.webhooks.registry.test(webhook.id);
  const [sent] = receiver.received;
  expect(sent !== undefined && isSigned(sent, secret)).toBe(true);
});

test('a test is sent at once, also while paused, and shows what the receiver said, without what is secret', async () => {
  receiver.answer = (_message, response) => void response.writeHead(401).end('who is hush-hush?');
  const { webhook } = await create({ headers: { Authorization: 'hush-hush' } });
  await stage.webhooks.registry.pause(webhook.id);
  const id = await stage.webhooks.registry.test(webhook.id);
  expect(await stage.webhooks.deliveries.get(webhook.id, id)).toMatchObject({
    event_type: 'webhook.tested',
    position: null,
    status: 'failed',
    attempts: 1,
    last_attempt: { response_status: 401, response: 'who is [secret]?' },
  });
  expect(receiver.received[0]?.event).toMatchObject({
    type: 'webhook.tested',
    data: { webhook_id: webhook.id },
  });
  expect(await stage.webhooks.registry.get(webhook.id)).toMatchObject({
    failures: 0,
    waiting: 0,
    status: 'paused',
  });
  await expect(stage.webhooks.deliveries.redeliver(webhook.id, id)).rejects.toMatchObject({
    code: 'WEBHOOK_EVENT_GONE',
  });
});

test('what happens while a webhook is paused comes when it is resumed, or is passed over', async () => {
  const { webhook } = await create();
  await stage.webhooks.registry.pause(webhook.id);
  const missed = [await stage.emit({ number: 1 }), await stage.emit({ number: 2 })];
  await stage.webhooks.registry.resume(webhook.id, false);
  await receiver.reach(2);
  expect(receiver.received.map(({ event }) => event.id)).toEqual(missed);

  await stage.webhooks.registry.pause(webhook.id);
  const head = stage.bus.position;
  await stage.emit({ number: 3 });
  await until(() => stage.bus.position > head + 1);
  await stage.webhooks.registry.resume(webhook.id, true);
  const id = await stage.emit({ number: 4 });
  await receiver.reach(3);
  expect(receiver.received.at(-1)?.event.id).toBe(id);
});

test('one delivery is sent again whatever became of it, and all failed ones since a time', async () => {
  receiver.answer = (_message, response) => void response.writeHead(500).end();
  const { webhook } = await create();
  const { deliveries } = stage.webhooks;
  const ids = await Promise.all([1, 2, 3].map((number) => stage.emit({ number })));
  const failed = await untilDeliveries(
    stage,
    webhook.id,
    (items) => items.length === 3 && items.every(({ status }) => status === 'failed'),
  );
  receiver.answer = takes;
  const [newest, middle, oldest] = failed;
  const { id } = newest ?? { id: '' };
  expect(await deliveries.redeliver(webhook.id, id)).toMatchObject({ id, status: 'pending' });
  await untilDeliveries(stage, webhook.id, (items) => items[0]?.status === 'delivered');
  expect(receiver.received.at(-1)?.headers).toMatchObject({ 'x-delivery-id': id, 'x-delivery-attempt': '2' });
  await deliveries.redeliver(webhook.id, id);
  await receiver.reach(5);

  expect(await deliveries.redeliverFailed(webhook.id, new Date(Date.now() + 60_000))).toEqual({
    count: 0,
    more: false,
  });
  const since = new Date(oldest?.created_at ?? '');
  expect(await deliveries.redeliverFailed(webhook.id, since)).toEqual({ count: 2, more: false });
  await untilDeliveries(stage, webhook.id, (items) => items.every(({ status }) => status === 'delivered'));
  expect(receiver.received.slice(-2).map(({ headers }) => headers['x-delivery-id'])).toEqual([
    oldest?.id,
    middle?.id,
  ]);
  expect(new Set(receiver.received.map(({ event }) => event.id))).toEqual(new Set(ids));
  expect(await stage.webhooks.registry.get(webhook.id)).toMatchObject({ waiting: 0 });
});

test('the log is read page by page, and by status', async () => {
  const { webhook } = await create();
  for (let number = 0; number < 5; number += 1) await stage.emit({ number });
  const all = await untilDeliveries(
    stage,
    webhook.id,
    (items) => items.length === 5 && items.every(({ status }) => status === 'delivered'),
  );
  const { deliveries } = stage.webhooks;
  const pages: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await deliveries.list(webhook.id, { limit: 2, cursor });
    pages.push(...page.items.map(({ id }) => id));
    if (page.next_cursor === null) break;
    cursor = page.next_cursor;
  }
  expect(pages).toEqual(all.map(({ id }) => id));
  expect((await deliveries.list(webhook.id, { status: 'failed' })).items).toEqual([]);
  await expect(deliveries.list(webhook.id, { cursor: 'made up' })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
});

test('what is not there is said to be missing', async () => {
  const { registry, deliveries } = stage.webhooks;
  const { webhook } = await create();
  for (const id of ['nonsense', 'a\0b', '01a1fdb7-8ebd-74ab-b268-eed664078350']) {
    const missing = { code: 'WEBHOOK_NOT_FOUND' };
    await expect(registry.get(id)).rejects.toMatchObject(missing);
    await expect(registry.update(id, { description: 'x' })).rejects.toMatchObject(missing);
    await expect(registry.remove(id)).rejects.toMatchObject(missing);
    await expect(registry.test(id)).rejects.toMatchObject(missing);
    await expect(deliveries.list(id)).rejects.toMatchObject(missing);
    await expect(deliveries.redeliverFailed(id, new Date())).rejects.toMatchObject(missing);
    await expect(deliveries.get(webhook.id, id)).rejects.toMatchObject({
      code: 'WEBHOOK_DELIVERY_NOT_FOUND',
    });
    await expect(deliveries.redeliver(webhook.id, id)).rejects.toMatchObject({
      code: 'WEBHOOK_DELIVERY_NOT_FOUND',
    });
  }
});

test('there can be so many webhooks and no more, also when they are made at once', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: maxWebhooks + 3 }, async () => create()));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(maxWebhooks);
  await expect(create()).rejects.toMatchObject({ code: 'WEBHOOK_LIMIT', details: { limit: maxWebhooks } });
});

test('ended deliveries go after the retention, and all of them with their webhook', async () => {
  const { webhook } = await create();
  await stage.emit({ number: 1 });
  await stage.emit({ number: 2 });
  await untilDeliveries(
    stage,
    webhook.id,
    (items) => items.length === 2 && items.every(({ status }) => status === 'delivered'),
  );
  await stage.webhooks.trim();
  const [newest, oldest] = (await stage.webhooks.deliveries.list(webhook.id)).items;
  await stage.database.query(
    `update webhook_deliveries set ended_at = now() - interval '15 days' where id = $1`,
    [oldest?.id],
  );
  expect(await stage.webhooks.trim()).toBe(1);
  expect((await stage.webhooks.deliveries.list(webhook.id)).items.map(({ id }) => id)).toEqual([newest?.id]);
  await stage.webhooks.registry.remove(webhook.id);
  expect(await stage.webhooks.trim()).toBe(1);
  expect(await stage.database.query('select * from webhook_attempts')).toEqual([]);
});

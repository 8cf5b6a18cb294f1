import { expect, test } from 'vitest';
import type { LookupAddress } from 'node:dns';
import type { Webhooks } from '../../config/sections/webhooks.ts';
import { startReceiver } from './receiver.ts';
import { settingsFor, startStage, untilDeliveries } from './stage.ts';

const name = 'hooks.example.test';

test('a name that leads to a private address is not followed there, also when it did not before', async () => {
  await using receiver = await startReceiver();
  let addresses: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];
  let asked = 0;
  const resolve = async (): Promise<LookupAddress[]> => {
    asked += 1;
    return addresses;
  };
  const settings = settingsFor([`${name}:${receiver.port}`], { allowed_networks: ['127.0.0.1/32'] });
  await using stage = await startStage(settings, { resolve, pauses: [] });
  const url = `http://${name}:${receiver.port}/hook`;
  const { webhook } = await stage.webhooks.registry.create({ url, patterns: ['**'] });
  await stage.emit({});
  await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'delivered');
  expect(receiver.received[0]?.headers.host).toBe(`${name}:${receiver.port}`);
  // The name was asked once: what it leads to between the check and the connection makes no difference.
  expect(asked).toBe(1);

  for (const [number, address] of [
    '127.0.0.2',
    '169.254.169.254',
    '10.0.0.1',
    '::1',
    '::ffff:127.0.0.2',
  ].entries()) {
    addresses = [{ address, family: address.includes(':') ? 6 : 4 }];
    await stage.emit({ address });
    const [refused] = await untilDeliveries(
      stage,
      webhook.id,
      (items) => items.length === number + 2 && items[0]?.status === 'failed',
    );
    expect(refused?.last_attempt?.error).toContain(`leads to ${address}, which is not`);
  }
  addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '10.0.0.1', family: 4 },
  ];
  await stage.emit({});
  const [mixed] = await untilDeliveries(
    stage,
    webhook.id,
    (items) => items.length === 7 && items[0]?.status === 'failed',
  );
  expect(mixed?.last_attempt?.error).toContain('10.0.0.1');
  expect(receiver.received).toHaveLength(1);
});

/** Knows no name; those that begin with `none` it knows, but not where they lead. */
async function lost(hostname: string): Promise<LookupAddress[]> {
  if (hostname.startsWith('none')) return [];
  throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
}

/** Finds names that begin with `quick`, and never answers for others. */
async function stuck(hostname: string): Promise<LookupAddress[]> {
  if (!hostname.startsWith('quick')) await new Promise(() => undefined);
  return [{ address: '127.0.0.1', family: 4 }];
}

test('a name that cannot be looked up, or leads nowhere, is a failure with its reason', async () => {
  await using stage = await startStage(settingsFor(['*.example.test']), { resolve: lost, pauses: [] });
  for (const [host, reason] of [
    ['none.example.test', /has no address/],
    ['unknown.example.test', /ENOTFOUND/],
  ] as const) {
    const { webhook } = await stage.webhooks.registry.create({ url: `https://${host}/`, patterns: ['**'] });
    const id = await stage.webhooks.registry.test(webhook.id);
    const { status, last_attempt } = await stage.webhooks.deliveries.get(webhook.id, id);
    expect(status).toBe('failed');
    expect(last_attempt?.error).toMatch(reason);
  }
});

test('a look-up that never ends holds up only its own webhook, and no longer than its time limit', async () => {
  await using receiver = await startReceiver();
  const settings = settingsFor([`*.example.test:${receiver.port}`], { timeout: 1 });
  await using stage = await startStage(settings, { resolve: stuck, pauses: [] });
  const { registry } = stage.webhooks;
  const waiting = await registry.create({
    url: `http://stuck.example.test:${receiver.port}/`,
    patterns: ['**'],
  });
  await registry.create({ url: `http://quick.example.test:${receiver.port}/`, patterns: ['**'] });
  await stage.emit({});
  await receiver.reach(1);
  const [failed] = await untilDeliveries(stage, waiting.webhook.id, ([one]) => one?.status === 'failed');
  expect(failed?.last_attempt?.error).toBe('no answer within 1000 ms');
});

test('what the YAML no longer allows is not sent to any more, from the next attempt on', async () => {
  await using receiver = await startReceiver();
  await using stage = await startStage(settingsFor([receiver.host]), { pauses: [] });
  const { webhook } = await stage.webhooks.registry.create({ url: receiver.url, patterns: ['**'] });
  const changes: [Partial<Webhooks>, RegExp][] = [
    [{ allowed_hosts: [] }, /does not name it/],
    [{ allowed_hosts: [receiver.host], allow_http: false }, /No webhook may be sent by http/],
    [{ allow_http: true, allowed_networks: [] }, /not an address of the public internet/],
  ];
  for (const [settings, reason] of changes) {
    stage.configure(settings);
    const id = await stage.emit({});
    const [failed] = await untilDeliveries(
      stage,
      webhook.id,
      ([one]) => one?.event_id === id && one.status === 'failed',
    );
    expect(failed?.last_attempt?.error).toMatch(reason);
  }
  stage.configure({ allowed_networks: ['127.0.0.0/8'] });
  await stage.emit({});
  await receiver.reach(1);
  expect(receiver.received).toHaveLength(1);
});

test('a certificate that nobody vouches for, or no TLS at all, is a failure and nothing is sent', async () => {
  await using receiver = await startReceiver();
  await using stage = await startStage(settingsFor([receiver.host]), { pauses: [] });
  const { webhook } = await stage.webhooks.registry.create({
    url: `https://${receiver.host}/`,
    patterns: ['**'],
  });
  await stage.emit({});
  await untilDeliveries(stage, webhook.id, ([one]) => one?.status === 'failed');
  expect(receiver.received).toEqual([]);
});

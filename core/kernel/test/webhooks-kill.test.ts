import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startReceiver, takes } from '../../webhooks/test/receiver.ts';
import { startProduct, testFolder, unlimitedClient } from './process.ts';

const kills = 4;
const usersPerRound = 5;

test(
  'every event reaches its webhook though the appliance is killed while it sends, again and again',
  { timeout: 300_000 },
  async () => {
    await using folder = await testFolder();
    await using receiver = await startReceiver();
    const client = `${unlimitedClient}webhooks:
  allowed_hosts: ["${receiver.host}"]
  allowed_networks: ["127.0.0.0/8"]
  allow_http: true
  timeout: 30
`;
    const parameters = ['--config', await folder.write('client.yaml', client)];
    const data = join(folder.path, 'data');
    const names: string[] = [];
    for (let round = 0; round < kills; round += 1) {
      await using appliance = await startProduct(data, parameters);
      if (round === 0) {
        const given = { url: receiver.url, patterns: ['user.created'] };
        expect((await appliance.request('POST', '/api/v1/system/webhooks', given)).status).toBe(201);
      }
      // The message is there, its sender waits for the answer, and dies.
      const arrived = Promise.withResolvers<void>();
      const answered = round;
      let seen = 0;
      receiver.answer = (message, response, request) => {
        seen += 1;
        if (seen <= answered) takes(message, response, request);
        else arrived.resolve();
      };
      for (let number = 0; number < usersPerRound; number += 1) {
        const name = `user-${round}-${number}`;
        const made = await appliance.request('POST', '/api/v1/system/users', { name, roles: ['viewer'] });
        expect(made.status).toBe(201);
        names.push(name);
      }
      await arrived.promise;
      process.kill(appliance.pid, 'SIGKILL');
      await appliance.ended;
    }
    receiver.answer = takes;
    const before = receiver.received.length;
    await using appliance = await startProduct(data, parameters);
    const [webhook] = await itemsOf(appliance.request('GET', '/api/v1/system/webhooks'));
    const path = `/api/v1/system/webhooks/${String(webhook?.['id'])}/deliveries?limit=200`;
    let deliveries = await itemsOf(appliance.request('GET', path));
    while (deliveries.length < names.length || deliveries.some(({ status }) => status !== 'delivered')) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      deliveries = await itemsOf(appliance.request('GET', path));
    }
    expect(deliveries).toHaveLength(names.length);
    const got = receiver.received.map(({ event }) => (event['data'] as { name: string }).name);
    expect(new Set(got)).toEqual(new Set(names));
    // Whoever was not answered is sent again, with the same ids, and nothing that was answered before the kill.
    const ids = receiver.received.map(({ event }) => event.id);
    expect(ids.length - new Set(ids).size).toBeGreaterThanOrEqual(kills);
    expect(receiver.received.length).toBeGreaterThan(before);
    expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(2 * kills);
  },
);

async function itemsOf(answer: Promise<Response>): Promise<Record<string, unknown>[]> {
  const { items } = (await (await answer).json()) as { items: Record<string, unknown>[] };
  return items;
}

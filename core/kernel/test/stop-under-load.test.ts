import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProduct, testFolder, unlimitedClient } from './process.ts';
import type { TestFolder } from './process.ts';

let folder: TestFolder;

beforeAll(async () => {
  folder = await testFolder();
});

afterAll(async () => folder[Symbol.asyncDispose]());

interface Target {
  readonly url: string;
  readonly token: string;
  readonly agent: Agent;
}

/** Reads or writes a contact: the status of the answer, read to its end, or the code of a broken connection. */
async function ask({ url, token, agent }: Target, method: 'GET' | 'POST'): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const broken = (error: Error): void => resolve('code' in error ? String(error.code) : error.message);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const asked = request(`${url}/api/v1/crm/contacts`, { agent, method, headers }, (response) => {
    response.resume().on('error', broken);
    response.on('end', () => resolve(String(response.statusCode)));
  });
  asked.on('error', broken);
  asked.end(method === 'POST' ? JSON.stringify({ last_name: 'Load' }) : undefined);
  return promise;
}

/** Asks, on a connection kept as long as the server keeps it, until nobody listens any more; counts what came. */
async function askUntilRefused(
  url: string,
  token: string,
  keepAlive: boolean,
  seen: Map<string, number>,
): Promise<void> {
  const agent = new Agent({ keepAlive, maxSockets: 1 });
  for (let turn = 0; ; turn += 1) {
    const outcome = await ask({ url, token, agent }, turn % 4 === 0 ? 'POST' : 'GET');
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    if (outcome === 'ECONNREFUSED') break;
  }
  agent.destroy();
}

test.each([
  { connections: 'kept', keepAlive: true },
  { connections: 'new', keepAlive: false },
])(
  'under load on $connections connections every request before and after SIGTERM is answered, or refused by the system',
  { timeout: 240_000 },
  async ({ keepAlive }) => {
    const config = await folder.write('client.yaml', unlimitedClient);
    for (let round = 0; round < 5; round += 1) {
      await using appliance = await startProduct(join(folder.path, 'data'), ['--config', config]);
      const token = await appliance.token();
      const seen = new Map<string, number>();
      const clients = Array.from({ length: 16 }, async () =>
        askUntilRefused(appliance.url, token, keepAlive, seen),
      );
      while ((seen.get('201') ?? 0) < 32) await pause(5);
      appliance.child.kill('SIGTERM');
      expect(await appliance.ended).toBe(0);
      await Promise.all(clients);
      expect(seen.get('ECONNREFUSED')).toBe(16);
      for (const outcome of ['200', '201', 'ECONNREFUSED']) seen.delete(outcome);
      expect([...seen.keys()].filter((outcome) => outcome !== '503')).toEqual([]);
    }
  },
);

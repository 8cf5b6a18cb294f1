import { afterEach, expect, test } from 'vitest';
import { createHarness } from './harness.ts';
import type { Harness } from './harness.ts';

let harness: Harness;
afterEach(async () => harness[Symbol.asyncDispose]());

test('callers without a token share the allowance of their IPv6 network, of which they have any address', async () => {
  harness = await createHarness({ trustedProxies: ['127.0.0.1'] });
  harness.core.instance.get('/open', { config: { access: 'public' } }, () => 'x');
  const url = await harness.listen();
  harness.rateLimits.configure({ requestsPerMinute: 1, burstSize: 0 });
  const statusFrom = async (address: string): Promise<number> =>
    (await fetch(`${url}/open`, { headers: { 'x-forwarded-for': address } })).status;
  const addresses = ['2001:db8::1', '2001:db8::2:1', '2001:db8:0:1::1', '192.0.2.1', '192.0.2.2'];
  const statuses: number[] = [];
  for (const address of addresses) statuses.push(await statusFrom(address));
  expect(statuses).toEqual([200, 429, 200, 200, 200]);
});

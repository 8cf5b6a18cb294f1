import { expect, test } from 'vitest';
import type { Owner } from '../../telemetry/owner.ts';
import { ServiceHub } from './services.ts';

function ownerOf(generation: number): Owner {
  return { plugin: 'lender', version: '1.0.0', generation, run: async (_kind, work) => work() };
}

function offerOf(owner: Owner): Parameters<ServiceHub['publish']>[1] {
  return { owner, contractVersion: '1.0.0', service: { lend: async () => owner.generation } };
}

async function lend(hub: ServiceHub): Promise<unknown> {
  const method: unknown = Reflect.get(hub.facade('loans'), 'lend');
  if (typeof method !== 'function') throw new TypeError('a facade has every method');
  return Reflect.apply(method, undefined, []) as unknown;
}

test('a call that no provider answers names the plugin that did, not only its contract', async () => {
  const hub = new ServiceHub();
  const owner = ownerOf(1);
  hub.publish('loans', offerOf(owner));
  expect(await lend(hub)).toBe(1);
  hub.withdraw('loans', owner);
  await expect(lend(hub)).rejects.toMatchObject({
    code: 'PLUGIN_DISABLED',
    message: 'The capability lender is switched off.',
    details: { plugin: 'lender', contract: 'loans' },
  });
});

test('a provider that ends late does not take away the service of the one after it', async () => {
  const hub = new ServiceHub();
  const [before, after] = [ownerOf(1), ownerOf(2)];
  hub.publish('loans', offerOf(before));
  hub.publish('loans', offerOf(after));
  hub.close('loans', before);
  hub.withdraw('loans', before);
  expect([hub.isOffered('loans'), await lend(hub)]).toEqual([true, 2]);
});

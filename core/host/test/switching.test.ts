import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';

let world: TestAppliance;
beforeAll(async () => {
  world = await createTestAppliance({ configuration: { features: { crm_integration: true } } });
});
afterAll(async () => world?.[Symbol.asyncDispose]());

test('CRM is switched off and on through the API, and the answer comes once it is in effect', async () => {
  const off = await world.request('POST', '/api/v1/system/plugins/crm/disable');
  expect(off.status).toBe(200);
  expect(await off.json()).toMatchObject({ name: 'crm', state: 'off', desired: 'off', generation: null });
  const refused = await world.request('GET', '/api/v1/crm/contacts');
  expect(refused.status).toBe(404);
  expect(await refused.json()).toMatchObject({ code: 'PLUGIN_DISABLED' });
  const on = await world.request('POST', '/api/v1/system/plugins/crm/enable');
  expect(await on.json()).toMatchObject({ state: 'active', desired: 'on', feature: 'crm_integration' });
  expect((await world.request('GET', '/api/v1/crm/contacts')).status).toBe(200);
});

test('no generation of CRM leaves a handle, a timer or a listener behind', async () => {
  for (let round = 0; round < 3; round += 1) {
    await world.request('POST', '/api/v1/crm/contacts', { body: { email: `a${round}@example.com` } });
    await world.request('POST', '/api/v1/system/plugins/crm/reload');
  }
  const ended = world.logs.filter(({ logger, leaked }) => logger === 'core.host' && Array.isArray(leaked));
  expect(ended.length).toBeGreaterThan(2);
  expect(ended.flatMap(({ leaked }) => leaked)).toEqual([]);
});

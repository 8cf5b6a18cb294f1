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

test('purging is refused while CRM is on or unconfirmed, and deletes its data for good once it is off', async () => {
  await world.request('POST', '/api/v1/crm/contacts', { body: { email: 'purged@example.com' } });
  const purge = '/api/v1/system/plugins/crm/purge';
  const refused = await world.request('POST', purge, { body: { confirm: 'crm' } });
  expect(await refused.json()).toMatchObject({ status: 409, code: 'PLUGIN_NOT_OFF' });
  await world.request('POST', '/api/v1/system/plugins/crm/disable');
  const unconfirmed = await world.request('POST', purge, { body: { confirm: 'all' } });
  expect(await unconfirmed.json()).toMatchObject({ status: 400, code: 'PURGE_NOT_CONFIRMED' });
  await world.appliance.host.drained('crm');
  expect((await world.request('POST', purge, { body: { confirm: 'crm' } })).status).toBe(204);
  await world.request('POST', '/api/v1/system/plugins/crm/enable');
  const contacts = await world.request('GET', '/api/v1/crm/contacts');
  expect(await contacts.json()).toEqual({ items: [], next_cursor: null });
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

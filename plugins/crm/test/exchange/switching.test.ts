import { afterEach, expect, test } from 'vitest';
import { eventually } from '../support.ts';
import { connected, startConnected, startOutside } from './support.ts';
import type { Answer, Connected } from './support.ts';

const disposed: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of disposed.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

/** An organisation with so many accounts, and an appliance that is connected with it. */
async function world(count: number) {
  const outside = await startOutside();
  disposed.push(outside);
  for (let index = 0; index < count; index += 1) outside.org.create('Account', { Name: `Account ${index}` });
  outside.tick();
  outside.standIn.bulk.partRows = 20;
  const crm = await startConnected(outside.standIn.url);
  disposed.push(crm);
  return { outside, crm };
}

/** Replaces the client's YAML and waits until CRM serves, or does not, as is wanted. */
async function configure(crm: Connected, configuration: object, until: (plugin: Answer['body']) => boolean) {
  const before: Answer['body'] = await (
    await crm.appliance.request('GET', '/api/v1/system/plugins/crm')
  ).json();
  await crm.appliance.configure({ ...configuration });
  await eventually(async () => {
    const response = await crm.appliance.request('GET', '/api/v1/system/plugins/crm');
    const plugin: Answer['body'] = await response.json();
    return until({ ...plugin, isNew: plugin.generation !== before.generation }) ? true : undefined;
  });
}

const isServing = (plugin: Answer['body']): boolean => plugin.isNew === true && plugin.state === 'active';

test('switched to builtin and back, records stay and what changed meanwhile is given', async () => {
  const { outside, crm } = await world(30);
  const { url } = outside.standIn;
  const mapping = { overrides: { Account: { push: 'update' } } };
  expect((await crm.send('PUT', '/sync/mapping', mapping, { 'if-match': '*' })).status).toBe(200);
  expect(await crm.run()).toMatchObject({ status: 'completed', records_created: 30 });
  await configure(crm, connected(url, {}, 'builtin'), isServing);
  const company = (await crm.all('companies')).find(({ name }) => name === 'Account 3');
  const refused = await crm.send('POST', '/sync/runs', {});
  expect(refused).toMatchObject({ status: 409, body: { code: 'SYNC_NOT_CONFIGURED' } });
  expect(refused.body.remedy).toContain('salesforce');
  const requests = outside.standIn.requests.length;
  await crm.send('PATCH', `/companies/${company.id}`, { phone: '+1 555 0100' });
  expect(outside.standIn.requests).toHaveLength(requests);
  await configure(crm, connected(url), isServing);
  expect(await crm.all('companies')).toHaveLength(30);
  expect(await crm.run()).toMatchObject({ status: 'completed', records_created: 0 });
  const there = outside.org.visible('Account').find(({ fields }) => fields['Name'] === 'Account 3');
  expect(there?.fields['Phone']).toBe('+1 555 0100');
});

test('another organisation is refused until what is known of the first is given up', async () => {
  const { outside, crm } = await world(5);
  await crm.run();
  const other = await startOutside();
  disposed.push(other);
  other.org.create('Account', { Name: 'Of the other one' });
  other.tick();
  await configure(crm, connected(other.standIn.url), isServing);
  const run = await crm.run();
  expect(run).toMatchObject({ status: 'failed', code: 'SYNC_ORGANISATION_CHANGED' });
  expect(run.error).toContain(outside.standIn.url);
  expect(await crm.all('companies')).toHaveLength(5);
  expect((await crm.send('DELETE', '/sync/connection')).status).toBe(204);
  expect(await crm.run()).toMatchObject({ status: 'completed', records_created: 1 });
  expect(await crm.all('companies')).toHaveLength(6);
});

test('what is missing for salesforce is named, and the appliance serves on without CRM', async () => {
  const { outside, crm } = await world(0);
  const wanting = { sign_in: undefined, instance_url: 'http://acme.my.salesforce.com' };
  await configure(crm, connected(outside.standIn.url, wanting), () => true);
  const reason = await eventually(async () => {
    const plugin: Answer['body'] = await (
      await crm.appliance.request('GET', '/api/v1/system/plugins/crm')
    ).json();
    return typeof plugin.reason === 'string' && plugin.reason.includes('sign_in') ? plugin.reason : undefined;
  });
  expect(reason).toContain('instance_url is not https, sign_in is not given');
  expect(reason).not.toContain('the-secret');
});

test('a host that the client does not allow is not reached, and the run says so', async () => {
  const { outside, crm } = await world(1);
  const { url } = outside.standIn;
  const { features } = connected(url);
  await crm.appliance.configure({ features, plugins: { hosts: { crm: [] } } });
  const requests = outside.standIn.requests.length;
  const run = await eventually(async () => {
    const ended = await crm.run();
    return ended.status === 'failed' ? ended : undefined;
  });
  expect(run).toMatchObject({ code: 'HOST_NOT_ALLOWED' });
  expect(outside.standIn.requests.length - requests).toBeLessThan(100);
});

test('off and on in the middle of a load, it goes on where it was and doubles nothing', async () => {
  const { outside, crm } = await world(300);
  const { url } = outside.standIn;
  const { body } = await crm.send('POST', '/sync/runs', {});
  await eventually(async () => {
    const run = (await crm.send('GET', `/sync/runs/${body.id}`)).body;
    return run.records_created > 0 ? true : undefined;
  });
  const off = connected(url);
  const crm_integration = { ...off.features.crm_integration, enabled: false };
  await configure(crm, { ...off, features: { crm_integration } }, ({ state }) => state === 'off');
  await configure(crm, connected(url), ({ state }) => state === 'active');
  const run = await crm.ended(body.id);
  expect(run).toMatchObject({ status: 'completed', records_created: 300 });
  const names = (await crm.all('companies')).map(({ name }) => name);
  expect(new Set(names).size).toBe(300);
  expect(names).toHaveLength(300);
});

test('a cancelled run keeps what it has committed, and the next one goes on', async () => {
  const { crm } = await world(300);
  const { body } = await crm.send('POST', '/sync/runs', {});
  await eventually(async () =>
    (await crm.send('GET', `/sync/runs/${body.id}`)).body.records_created > 0 ? true : undefined,
  );
  const cancelled = await crm.send('POST', `/sync/runs/${body.id}/cancel`);
  if (cancelled.status === 204) {
    expect(await crm.ended(body.id)).toMatchObject({ status: 'cancelled' });
    const again = await crm.send('POST', `/sync/runs/${body.id}/cancel`);
    expect(again).toMatchObject({ status: 409, body: { code: 'SYNC_RUN_ENDED' } });
  }
  await eventually(async () => {
    const run = await crm.run();
    return run.status === 'completed' ? true : undefined;
  });
  expect(await crm.all('companies')).toHaveLength(300);
});

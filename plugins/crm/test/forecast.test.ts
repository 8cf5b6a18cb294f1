import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

const rule = { records: 'all' as const, hidden: [], read_only: [] };
let crm: CrmAppliance;
let stages: Record<string, string>;
beforeAll(async () => {
  crm = await startCrm({
    access: { viewer: { deals: { ...rule, records: 'own', hidden: ['amount'] } } },
  });
  const { body } = await crm.send('GET', '/pipelines');
  const listed: { id: string; name: string }[] = body.items[0].stages;
  stages = Object.fromEntries(listed.map(({ id, name }) => [name, id]));
  const deal = (stage: string, amount: string | null, currency: string, more = {}) =>
    crm.create('deals', { name: 'Deal', stage_id: stages[stage], amount, currency, ...more });
  await deal('Lead', '0.10', 'EUR');
  await deal('Lead', '0.20', 'EUR', { tags: ['hot'] });
  await deal('Lead', null, 'EUR');
  await deal('Lead', '7', 'JPY');
  await deal('Proposal', '999999999999999.99', 'EUR');
  await deal('Proposal', '0.02', 'EUR', { probability: 50 });
  await deal('Won', '5', 'EUR');
});
afterAll(() => crm[Symbol.asyncDispose]());

const forecast = async (query = '', role: 'viewer' | 'operator' = 'operator'): Promise<Answer['body'][]> =>
  (await crm.send('GET', `/deals/forecast${query}`, { role })).body.items;

test('a forecast sums open deals by stage and currency, to the last digit', async () => {
  expect(await forecast()).toMatchObject([
    { stage_id: stages['Lead'], currency: 'EUR', deals: 3, amount: '0.30', weighted_value: '0.0300' },
    { stage_id: stages['Lead'], currency: 'JPY', deals: 1, amount: '7', weighted_value: '0.70' },
    {
      stage_id: stages['Proposal'],
      currency: 'EUR',
      deals: 2,
      amount: '1000000000000000.01',
      weighted_value: '600000000000000.0040',
    },
  ]);
});

test('a forecast follows status and filters', async () => {
  expect(await forecast('?status=won')).toMatchObject([{ stage_id: stages['Won'], amount: '5.00' }]);
  expect(await forecast('?status=all')).toHaveLength(4);
  expect(await forecast('?tag=hot')).toMatchObject([{ deals: 1, amount: '0.20' }]);
  const filter = encodeURIComponent(JSON.stringify({ currency: 'JPY' }));
  expect(await forecast(`?filter=${filter}`)).toMatchObject([{ currency: 'JPY' }]);
  const { status, body } = await crm.send('GET', '/deals/forecast?filter={"lines":1}');
  expect(status).toBe(400);
  expect(body.faults[0].path).toBe('/querystring/filter/lines');
});

test('a forecast holds what its reader may see: no deals of others, and no amounts that are hidden', async () => {
  expect(await forecast('', 'viewer')).toEqual([]);
  const { id } = await crm.create('deals', { name: 'Mine', amount: '3' });
  const [created] = (await crm.send('GET', `/deals/${id}/timeline`)).body.items;
  await crm.send('PATCH', `/deals/${id}`, { body: { owner_id: created.actor.id } });
  const [sum] = await forecast('', 'viewer');
  expect(sum).toEqual({
    pipeline_id: expect.any(String),
    stage_id: stages['Lead'],
    currency: 'EUR',
    deals: 1,
  });
});

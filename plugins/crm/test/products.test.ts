import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const product = async (body: object): Promise<Answer> => crm.send('POST', '/products', { body });

test('a product is created, found by its name in any spelling, changed and told', async () => {
  const { status, body } = await product({
    name: 'Größe L',
    code: 'L-1',
    unit_price: '19.90',
    currency: 'eur',
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({ unit_price: '19.90', currency: 'EUR', is_active: true, version: 1 });
  const folded = encodeURIComponent(JSON.stringify({ name: { starts_with: 'GRÖ' } }));
  expect((await crm.send('GET', `/products?filter=${folded}`)).body.items).toEqual([body]);
  const unnamed = await crm.appliance.request('PATCH', `/api/v1/crm/products/${body.id}`, { body: {} });
  expect(unnamed.status).toBe(428);
  const changed = await crm.send('PATCH', `/products/${body.id}`, { body: { unit_price: '21' } });
  expect(changed.body).toMatchObject({ unit_price: '21', version: 2 });
  expect((await crm.events(body.id, 2)).map(({ type }) => type)).toEqual([
    'product.created',
    'product.updated',
  ]);
});

test.each([
  ['a price without a currency', { unit_price: '1' }, '/currency'],
  ['a negative price', { unit_price: '-1', currency: 'EUR' }, '/unit_price'],
  ['an unknown currency', { currency: 'AAA' }, '/currency'],
])('%s is refused', async (_, fields, path) => {
  const { status, body } = await product({ name: 'Faulty', ...fields });
  expect(status).toBe(400);
  expect(body.faults).toEqual([{ path, message: expect.any(String) }]);
});

test('of twenty who take one code at a time one has it, and the others are told who', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => product({ name: `Racer ${index}`, code: 'ONE' })),
  );
  const made = answers.filter(({ status }) => status === 201);
  expect(made).toHaveLength(1);
  for (const { status, body } of answers) {
    if (status !== 201)
      expect(body).toMatchObject({ code: 'PRODUCT_CODE_TAKEN', details: { id: made[0]?.body.id } });
  }
});

test('a line takes name and price of its product, and a product of a deal stays', async () => {
  const { body: euro } = await product({ name: 'Seat', unit_price: '12.50', currency: 'EUR' });
  const deal = await crm.create('deals', { name: 'Seats', lines: [{ product_id: euro.id, quantity: '4' }] });
  expect(deal).toMatchObject({
    currency: 'EUR',
    amount: '50.00',
    product_ids: [euro.id],
    lines: [{ name: 'Seat', unit_price: '12.50', quantity: '4', total: '50.00' }],
  });
  const filter = encodeURIComponent(JSON.stringify({ product_ids: { has_any: [euro.id] } }));
  expect((await crm.send('GET', `/deals?filter=${filter}`)).body.items).toEqual([deal]);
  const refused = await crm.send('DELETE', `/products/${euro.id}`);
  expect(refused).toMatchObject({ status: 409, body: { code: 'PRODUCT_IN_USE', details: { deals: 1 } } });

  const foreign = await crm.send('POST', '/deals', {
    body: { name: 'Yen', currency: 'JPY', lines: [{ product_id: euro.id }] },
  });
  expect(foreign.body.faults).toEqual([
    {
      path: '/lines/0/unit_price',
      message: 'must be given; the price of the product is in EUR, the deal in JPY',
    },
  ]);
  await crm.send('PATCH', `/products/${euro.id}`, { body: { is_active: false } });
  const inactive = await crm.send('POST', '/deals', {
    body: { name: 'Late', lines: [{ product_id: euro.id }] },
  });
  expect(inactive.body.faults[0].message).toMatch(/Seat is not active/);
  const kept = await crm.send('PATCH', `/deals/${deal.id}`, { body: { name: 'Still' } });
  expect(kept.body).toMatchObject({ name: 'Still', amount: '50.00' });
});

test('a product that is deleted while a deal takes it is either refused or gone from the deal', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { body } = await product({ name: 'Contested', unit_price: '1', currency: 'EUR' });
    const [created, deleted] = await Promise.all([
      crm.send('POST', '/deals', { body: { name: 'Taker', lines: [{ product_id: body.id }] } }),
      crm.send('DELETE', `/products/${body.id}`),
    ]);
    expect([
      [201, 409],
      [400, 204],
    ]).toContainEqual([created.status, deleted.status]);
  }
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
let stages: Record<string, string>;
let sales: Answer['body'];
beforeAll(async () => {
  crm = await startCrm({ default_currency: 'CHF' });
  [sales] = (await crm.send('GET', '/pipelines')).body.items;
  stages = Object.fromEntries(sales.stages.map(({ id, name }: { id: string; name: string }) => [name, id]));
});
afterAll(() => crm[Symbol.asyncDispose]());

const patch = (id: string, body: object, headers = {}) =>
  crm.send('PATCH', `/deals/${id}`, { body, headers });
const types = async (id: string, count: number) => (await crm.events(id, count)).map(({ type }) => type);

test('a deal that only has a name begins in the first open stage of the default pipeline, in the configured currency', async () => {
  const deal = await crm.create('deals', { name: 'Big one' });
  expect(deal).toMatchObject({
    pipeline_id: sales.id,
    stage_id: stages['Lead'],
    status: 'open',
    closed_at: null,
    amount: null,
    amount_source: 'manual',
    currency: 'CHF',
    probability: 10,
    probability_source: 'stage',
    weighted_value: null,
    lines: [],
    lines_total: '0.00',
    version: 1,
  });
  expect((await crm.send('GET', `/deals/${deal.id}`)).body).toEqual(deal);
  expect((await crm.send('GET', '/deals?q=big')).body.items).toEqual([deal]);
});

test('a deal goes through its stages: status, times, probability, events and timeline follow', async () => {
  const { id } = await crm.create('deals', { name: 'Journey', amount: '1000', currency: 'EUR' });
  const qualified = (await patch(id, { stage_id: stages['Qualified'] })).body;
  expect(qualified).toMatchObject({ probability: 20, amount: '1000.00', weighted_value: '200.0000' });
  const own = (await patch(id, { probability: 33 })).body;
  expect(own).toMatchObject({ probability: 33, probability_source: 'manual', weighted_value: '330.0000' });
  expect((await patch(id, { stage_id: stages['Proposal'] })).body).toMatchObject({ probability: 33 });
  expect((await patch(id, { probability: null })).body).toMatchObject({
    probability: 60,
    probability_source: 'stage',
  });
  const won = (await patch(id, { stage_id: stages['Won'] })).body;
  expect(won).toMatchObject({ status: 'won', probability: 100, closed_at: expect.any(String) });
  const reopened = (await patch(id, { stage_id: stages['Negotiation'] })).body;
  expect(reopened).toMatchObject({ status: 'open', probability: 80, closed_at: null });
  const closed = '2025-03-01T10:00:00.000Z';
  const lost = (await patch(id, { stage_id: stages['Lost'], closed_at: closed })).body;
  expect(lost).toMatchObject({ status: 'lost', probability: 0, closed_at: closed, weighted_value: '0.0000' });

  const move = 'deal.updated deal.stage_changed';
  const told = `deal.created ${move} deal.updated ${move} deal.updated ${move} deal.won ${move} ${move} deal.lost`;
  expect(await types(id, 15)).toEqual(told.split(' '));
  const { body } = await crm.send('GET', `/deals/${id}/stages`, { role: 'viewer' });
  expect(body.items.map(({ stage_name }: { stage_name: string }) => stage_name)).toEqual([
    'Lost',
    'Negotiation',
    'Won',
    'Proposal',
    'Qualified',
    'Lead',
  ]);
  for (const [index, { left_at, seconds }] of body.items.entries()) {
    expect(left_at).toBe(index === 0 ? null : body.items[index - 1].entered_at);
    expect(seconds).toBeGreaterThanOrEqual(0);
  }
  const timeline = (await crm.send('GET', `/deals/${id}/timeline`)).body.items;
  expect(timeline[0]).toMatchObject({
    kind: 'stage_changed',
    changes: { stage_id: { from: { name: 'Negotiation' }, to: { id: stages['Lost'], name: 'Lost' } } },
  });
});

test('a change has to name the version of the deal, and a repeat of it does nothing twice', async () => {
  const { id } = await crm.create('deals', { name: 'Guarded' });
  const unnamed = await crm.appliance.request('DELETE', `/api/v1/crm/deals/${id}`);
  expect(unnamed.status).toBe(428);
  const stale = await patch(id, { name: 'Other' }, { 'if-match': '"7"' });
  expect(stale).toMatchObject({
    status: 412,
    body: { details: { version: 1, current: { name: 'Guarded' } } },
  });
  const headers = { 'if-match': '"1"', 'idempotency-key': `deal-${id}` };
  const first = await patch(id, { name: 'Once' }, headers);
  expect(await patch(id, { name: 'Once' }, headers)).toMatchObject({ status: 200, body: first.body });
  expect((await crm.send('DELETE', `/deals/${id}`, { headers: { 'if-match': '"2"' } })).status).toBe(204);
  expect((await crm.send('GET', `/deals/${id}`)).body.code).toBe('DEAL_NOT_FOUND');
  expect(await types(id, 3)).toEqual(['deal.created', 'deal.updated', 'deal.deleted']);
});

test('a batch makes deals, and each that cannot be made says why', async () => {
  const items = [
    { action: 'create', body: { name: 'One', external_id: 'batch-1' } },
    { action: 'create', body: { name: 'Two', external_id: 'batch-1' } },
    { action: 'create', body: { name: 'Three', currency: 'XYZ' } },
  ];
  const { body } = await crm.send('POST', '/deals/batch', { body: { items } });
  expect(body).toMatchObject({ succeeded: 1, failed: 2 });
  expect(body.results[1].problem).toMatchObject({
    code: 'EXTERNAL_ID_TAKEN',
    detail: expect.stringContaining(body.results[0].id),
  });
  expect(body.results[2].problem.faults).toEqual([
    { path: '/currency', message: 'must be the code of a currency, such as EUR; ISO 4217 has no "XYZ"' },
  ]);
});

describe('lines', () => {
  const lines = [
    { name: 'Licence', quantity: '3', unit_price: '99.99', discount_percent: '12.5' },
    { name: 'Hours', quantity: '7.25', unit_price: '120.333333' },
  ];

  test('come to the last digit, and the amount follows them', async () => {
    const deal = await crm.create('deals', { name: 'Lines', currency: 'EUR', lines });
    expect(deal).toMatchObject({
      amount: '1134.89',
      amount_source: 'lines',
      lines_total: '1134.89041425',
      lines: [
        { name: 'Licence', product_id: null, total: '262.47375' },
        { name: 'Hours', discount_percent: '0', total: '872.41666425' },
      ],
    });
    const fewer = (await patch(deal.id, { lines: deal.lines.slice(0, 1) })).body;
    expect(fewer).toMatchObject({ amount: '262.47', lines_total: '262.47375', version: 2 });
    expect((await patch(deal.id, { amount: '5' })).body.faults).toEqual([
      {
        path: '/amount',
        message: 'follows the lines, which sum to 262.47 EUR; send amount_source "manual" to set it by hand',
      },
    ]);
    const manual = (await patch(deal.id, { amount: '5', amount_source: 'manual' })).body;
    expect(manual).toMatchObject({ amount: '5.00', lines_total: '262.47375' });
    expect((await patch(deal.id, { amount_source: 'lines' })).body).toMatchObject({ amount: '262.47' });
  });

  test('beside an amount leave it as it is', async () => {
    const deal = await crm.create('deals', { name: 'Both', currency: 'EUR', amount: '1', lines });
    expect(deal).toMatchObject({ amount: '1.00', amount_source: 'manual', lines_total: '1134.89041425' });
  });
});

describe('what is refused, and says why', () => {
  const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';

  test.each<[string, object, string, RegExp]>([
    ['an amount of 40 digits', { amount: '9'.repeat(40) }, '/amount', /at most 15 digits before the point/],
    ['a negative amount', { amount: '-1' }, '/amount', /must not be negative/],
    ['an exponent', { amount: '1e3' }, '/amount', /must be decimal text such as 1250.00/],
    ['no number', { amount: 'NaN' }, '/amount', /must be decimal text such as 1250.00/],
    ['an amount that has been a float', { amount: 1e15 }, '/amount', /must be/],
    [
      'a price that has been a float',
      { lines: [{ name: 'x', unit_price: 0.1 }] },
      '/lines/0/unit_price',
      /must be/,
    ],
    ['hexadecimal', { amount: '0x10' }, '/amount', /must be decimal text/],
    [
      'yen with a fraction',
      { amount: '10.5', currency: 'JPY' },
      '/amount',
      /at most 0 digits after the point, as JPY/,
    ],
    [
      'cents of cents',
      { amount: '10.505', currency: 'EUR' },
      '/amount',
      /at most 2 digits .* as EUR has; is 10.505/,
    ],
    ['an unknown currency', { currency: 'ABC' }, '/currency', /ISO 4217 has no "ABC"/],
    ['gold', { currency: 'XAU' }, '/currency', /ISO 4217 has no "XAU"|must be the code/],
    ['a stage that is not there', { stage_id: nobody }, '/stage_id', /no stage has the id/],
    ['a pipeline that is not there', { pipeline_id: nobody }, '/pipeline_id', /no pipeline has the id/],
    ['a company that is not there', { company_id: nobody }, '/company_id', /no company has the id/],
    [
      'a date that is not there',
      { expected_close_date: '2026-02-30' },
      '/expected_close_date',
      /must be a date|date/,
    ],
    ['a probability beyond certainty', { probability: 101 }, '/probability', /100/],
    ['a status', { status: 'won' }, '/status', /./],
    ['a weighted value', { weighted_value: '1' }, '/weighted_value', /./],
    [
      'the closing of an open deal',
      { closed_at: '2026-01-01T00:00:00Z' },
      '/closed_at',
      /left out for an open deal/,
    ],
    ['10,000 lines', { lines: Array.from({ length: 10_000 }, () => ({ name: 'x' })) }, '/lines', /200/],
    ['a line of nothing', { lines: [{}] }, '/lines/0/name', /without product_id/],
    [
      'a line of a product that is not there',
      { lines: [{ product_id: nobody }] },
      '/lines/0/product_id',
      /no product has the id/,
    ],
    [
      'a discount beyond the price',
      { lines: [{ name: 'x', unit_price: '1', discount_percent: '100.5' }] },
      '/lines/0/discount_percent',
      /from 0 to 100/,
    ],
    [
      'a negative quantity',
      { lines: [{ name: 'x', unit_price: '1', quantity: '-1' }] },
      '/lines/0/quantity',
      /must not be negative/,
    ],
    [
      'lines that sum to more than an amount holds',
      { lines: [{ name: 'x', unit_price: '9'.repeat(15), quantity: '9'.repeat(12) }] },
      '/lines',
      /at most 15 digits/,
    ],
  ])('%s', async (_, fields, path, message) => {
    const { status, body } = await crm.send('POST', '/deals', { body: { name: 'Faulty', ...fields } });
    expect(status, JSON.stringify(body)).toBe(400);
    expect(body.faults).toContainEqual({ path, message: expect.stringMatching(message) });
  });

  test('a stage of another pipeline', async () => {
    const { body: other } = await crm.send('POST', '/pipelines', {
      role: 'admin',
      body: { name: 'Renewals', stages: [{ name: 'Due', probability: 70 }] },
    });
    const given = { name: 'Faulty', pipeline_id: other.id, stage_id: stages['Lead'] };
    const { body } = await crm.send('POST', '/deals', { body: given });
    expect(body.faults).toEqual([
      {
        path: '/stage_id',
        message: expect.stringContaining(`must be a stage of the pipeline ${other.id}; Lead is one of Sales`),
      },
    ]);
    const { id } = await crm.create('deals', { name: 'Mover' });
    expect((await patch(id, { stage_id: other.stages[0].id })).body.faults[0].path).toBe('/stage_id');
    expect((await patch(id, { pipeline_id: other.id })).body).toMatchObject({
      stage_id: other.stages[0].id,
      probability: 70,
    });
  });
});

test('an amount keeps every digit of its currency, also where a float would not', async () => {
  for (const [amount, currency, kept] of [
    ['999999999999999.99', 'EUR', '999999999999999.99'],
    ['1000.00', 'JPY', '1000'],
    ['7', 'KWD', '7.000'],
    ['0.1', 'CLF', '0.1000'],
    ['12', 'huf', '12.00'],
  ]) {
    const deal = await crm.create('deals', { name: 'Exact', amount, currency, probability: 33 });
    expect(deal.amount).toBe(kept);
  }
});

test('contacts have a role in a deal, and the deal goes on without those that are deleted', async () => {
  const deal = await crm.create('deals', { name: 'People' });
  const [ada, bob] = await Promise.all(
    ['Ada', 'Bob'].map((first_name) => crm.create('contacts', { first_name })),
  );
  const path = `/deals/${deal.id}/associations`;
  for (const role of ['influencer', 'decision maker'])
    expect((await crm.send('PUT', `${path}/contact/${ada.id}`, { body: { role } })).status).toBe(204);
  expect((await crm.send('PUT', `${path}/contact/${bob.id}`, { body: {} })).status).toBe(204);
  const { body: listed } = await crm.send('GET', `${path}?kind=contact`);
  expect(new Map(listed.items.map(({ id, role }: { id: string; role: string }) => [id, role]))).toEqual(
    new Map([
      [ada.id, 'decision maker'],
      [bob.id, null],
    ]),
  );
  const { body: deals } = await crm.send('GET', `/contacts/${ada.id}/associations?kind=deal`);
  expect(deals.items).toMatchObject([{ kind: 'deal', role: 'decision maker', record: deal }]);
  expect((await crm.send('PUT', `${path}/contact/${deal.id}`, { body: {} })).body.code).toBe(
    'CONTACT_NOT_FOUND',
  );
  expect((await crm.send('DELETE', `/contacts/${ada.id}`)).status).toBe(204);
  const { body: left } = await crm.send('GET', path);
  expect(left.items.map(({ id }: { id: string }) => id)).toEqual([bob.id]);
});

test('a company with deals is deleted only with unlink, which tells each deal', async () => {
  const company = await crm.create('companies', { name: 'Leaving' });
  const deal = await crm.create('deals', { name: 'Orphan', company_id: company.id });
  const refused = await crm.send('DELETE', `/companies/${company.id}`);
  expect(refused.body).toMatchObject({ code: 'COMPANY_IN_USE', detail: expect.stringMatching(/1 deals/) });
  expect((await crm.send('DELETE', `/companies/${company.id}?unlink=true`)).status).toBe(204);
  expect((await crm.send('GET', `/deals/${deal.id}`)).body).toMatchObject({ company_id: null, version: 2 });
  expect((await crm.events(deal.id, 2))[1]).toMatchObject({ data: { changed: ['company_id'] } });
});

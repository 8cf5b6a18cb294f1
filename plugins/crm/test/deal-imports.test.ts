import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ import_batch_rows: 3 });
  const stages = [
    { name: 'Due', probability: 70 },
    { name: 'Won', outcome: 'won' },
  ];
  await crm.send('POST', '/pipelines', { role: 'admin', body: { name: 'Renewals', stages } });
});
afterAll(() => crm[Symbol.asyncDispose]());

async function importFile(body: string, query = 'object=deals'): Promise<Answer['body']> {
  const started = await crm.send('POST', `/imports?${query}`, { body });
  expect(started.status, JSON.stringify(started.body)).toBe(202);
  return crm.importEnded(started.body.id);
}

const deal = async (name: string): Promise<Answer['body']> =>
  (await crm.send('GET', `/deals?filter=${encodeURIComponent(JSON.stringify({ name }))}`)).body.items[0];

test('an export of Salesforce makes deals in the stages that it names, and is read again without doubling any', async () => {
  const file = [
    'Id,Name,StageName,Amount,CurrencyIsoCode,CloseDate,Probability,Account.Name',
    '0061t00000AAAAA,Engine,Proposal,1250.5,EUR,2026-12-01,60,Analytical',
    '0061t00000aaaaa,Loom,Won,10,USD,2025-06-30,100,Analytical',
    '0061t00000BBBBB,Wheel,Nowhere,10,USD,2025-06-30,100,',
    '0061t00000CCCCC,Yen,Lead,10.5,JPY,2025-06-30,10,',
  ].join('\n');
  const ended = await importFile(file);
  expect(ended).toMatchObject({ status: 'completed', rows_created: 2, rows_failed: 2, source: 'salesforce' });
  const errors = (await crm.send('GET', `/imports/${ended.id}/errors`)).body;
  expect(errors).toContain('no stage has the name ""Nowhere""');
  expect(errors).toContain('at most 0 digits after the point, as JPY has');
  const engine = await deal('Engine');
  expect(engine).toMatchObject({
    external_id: '0061t00000AAAAA',
    amount: '1250.50',
    currency: 'EUR',
    probability: 60,
    expected_close_date: '2026-12-01',
    weighted_value: '750.3000',
    company_id: expect.any(String),
  });
  expect(await deal('Loom')).toMatchObject({ status: 'won', company_id: engine.company_id });
  expect(await importFile(file)).toMatchObject({ rows_created: 0, rows_updated: 2, rows_failed: 2 });
  expect(await deal('Engine')).toMatchObject({ version: 1 });
  const history = (await crm.send('GET', `/deals/${engine.id}/stages`)).body.items;
  expect(history).toMatchObject([{ stage_name: 'Proposal', left_at: null }]);
});

test('a stage by a name that several pipelines have is that of the row’s pipeline, else of the default one', async () => {
  const file = [
    'name,pipeline_id.name,stage_id.name',
    'First,renewals,WON',
    'Second,,Won',
    'Third,Renewals,Lead',
  ];
  const ended = await importFile(file.join('\n'), 'object=deals&key=name');
  expect(ended).toMatchObject({ rows_created: 2, rows_failed: 1 });
  const [sales, renewals] = (await crm.send('GET', '/pipelines')).body.items;
  expect(await deal('First')).toMatchObject({ pipeline_id: renewals.id, status: 'won' });
  expect(await deal('Second')).toMatchObject({ pipeline_id: sales.id, status: 'won' });
  expect((await crm.send('GET', `/imports/${ended.id}/errors`)).body).toContain(
    'must be a stage of the pipeline',
  );
});

test('an export of deals is read back, without what is found out', async () => {
  await crm.create('deals', {
    name: '=Formula',
    external_id: 'x-1',
    amount: '10',
    tags: ['a', 'b'],
    lines: [{ name: 'One', unit_price: '1' }],
  });
  const { body } = await crm.send('GET', '/deals/export?q=formula');
  const [header = '', row = ''] = body.split('\r\n');
  expect(header).not.toContain('lines,');
  expect(row).toContain("'=Formula,x-1,");
  const changed = body.replace(',10.00,manual,EUR,', ',99.5,manual,EUR,');
  expect(changed).not.toBe(body);
  const ended = await importFile(changed);
  expect(ended).toMatchObject({ rows_updated: 1, rows_failed: 0 });
  expect(ended.ignored_columns).toEqual(
    expect.arrayContaining(['status', 'probability_source', 'weighted_value', 'lines_total', 'product_ids']),
  );
  expect(await deal('=Formula')).toMatchObject({ amount: '99.50', lines: [{ name: 'One' }], version: 2 });
});

import type { Caller } from '@orchestrall/sdk';
import type { ListRequest } from '@orchestrall/sdk/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccess } from '../access/rules.ts';
import { createDealService } from '../deals/service.ts';
import { createKinds, tablesByKind } from '../kinds.ts';
import { createLists } from '../lists/service.ts';
import { explained } from './explained.ts';
import { startCrm } from './support.ts';
import { anyOwner } from '../records/owners.ts';
import type { CrmAppliance } from './support.ts';

const companyId = '01890a5d-ac96-774b-bcce-b302099a8057';
const productId = '01890a5d-ac96-774b-bcce-b302099a8058';

let crm: CrmAppliance;
let rareStage: string;
beforeAll(async () => {
  crm = await startCrm();
  const { body } = await crm.send('GET', '/pipelines');
  const stages = body.items[0].stages.map(({ id }: { id: string }) => id);
  rareStage = stages[4];
  await crm.database.query(
    `insert into companies (id, name, name_key, search) values ($1, 'One', 'one', array_to_tsvector('{one}'))`,
    [companyId],
  );
  await crm.database.query(
    `insert into deals (id, name, name_key, external_id, pipeline_id, stage_id, status, closed_at, amount, amount_source,
        currency, probability, probability_source, expected_close_date, company_id, lines, lines_total, product_ids,
        owner_id, team_id, tags, search)
      select gen_random_uuid(), called, called, 'x' || n, stages.pipeline_id, stages.id, outcome,
        case when outcome <> 'open' then now() - n * interval '1 minute' end, n * 1.25, 'manual',
        (array['EUR', 'USD', 'JPY'])[n % 3 + 1], probability, 'stage', date '2026-01-01' + n % 1000,
        case when n % 500 = 0 then $1::uuid end, '[]', 0, case when n % 1000 = 0 then array[$2] else '{}' end,
        'owner' || n % 400, 'team' || n % 200, array['tag ' || n % 1000], array_to_tsvector(array['deal', called])
      from generate_series(1, 50000) as n, lateral (select 'deal' || n as called) as named,
        -- Most are closed, as they are after some years.
        stages where stages.id = ($3::uuid[])[case when n % 300 = 0 then 5 when n % 10 = 0 then 1 else 6 + n % 2 end]`,
    [companyId, productId, stages],
  );
  await crm.database.query('analyze deals');
});
afterAll(() => crm[Symbol.asyncDispose]());

const by = (more: Partial<Caller> = {}): Caller => ({
  id: 'owner70',
  kind: 'user',
  name: 'planner',
  roles: ['admin'],
  teams: ['team3'],
  leads: [],
  ...more,
});
function watched() {
  const { database, plans } = explained(crm.database);
  const rule = { records: 'team' as const, hidden: [], read_only: [] };
  const access = createAccess({ viewer: { deals: rule } }, tablesByKind);
  const kinds = createKinds(access, {});
  const lists = createLists([kinds.deals], { database, access });
  const options = { database, access, tables: tablesByKind, lists, owners: anyOwner() };
  return { deals: createDealService(kinds, options), plans };
}

const filter = (given: object) => ({ filter: { ...given } });
const viewer: Partial<Caller> = { roles: ['viewer'] };

test.each<[string, () => ListRequest, readonly string[], Partial<Caller>?]>([
  ['the list', () => ({}), ['deals_pkey']],
  ['by stage', () => filter({ stage_id: rareStage }), ['deals_stage']],
  ['by owner', () => filter({ owner_id: 'owner9' }), ['deals_owner']],
  ['by company', () => filter({ company_id: companyId }), ['deals_company']],
  ['by product', () => filter({ product_ids: { has_any: [productId] } }), ['deals_products']],
  ['by external id', () => filter({ external_id: 'x77' }), ['deals_external_id']],
  ['the next to be closed', () => ({ sort: 'expected_close_date' }), ['deals_expected_close']],
  [
    'those of one week',
    () => ({
      ...filter({ expected_close_date: { gte: '2026-03-01', lt: '2026-03-08' } }),
      sort: 'expected_close_date',
    }),
    ['deals_expected_close'],
  ],
  ['the largest', () => ({ sort: '-amount' }), ['deals_amount']],
  ['from an amount', () => ({ ...filter({ amount: { gte: '62000' } }), sort: 'amount' }), ['deals_amount']],
  ['by name', () => ({ sort: 'name' }), ['deals_name']],
  ['the latest', () => ({ sort: '-created_at' }), ['deals_created']],
  ['those of the caller and its teams', () => ({}), ['deals_pkey'], viewer],
])(
  'of 50,000 deals %s is found by an index, on the first page and behind it',
  async (_, asked, indexes, who) => {
    const { deals, plans } = watched();
    const request = asked();
    const first = await deals.page({ ...request, limit: 3 }, by(who));
    expect(first.items.length).toBeGreaterThan(0);
    if (first.next_cursor !== null)
      await deals.page({ ...request, limit: 3, cursor: first.next_cursor }, by(who));
    for (const nodes of plans) {
      expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
      expect(nodes.flatMap((node) => node['Index Name'] ?? [])).toEqual(expect.arrayContaining([...indexes]));
    }
  },
);

test.each<[string, ListRequest, Partial<Caller>, string]>([
  ['of all open deals', {}, {}, 'deals_forecast'],
  ['of what a viewer sees', {}, viewer, 'deals_owner'],
  ['of one company', { filters: { company_id: companyId } }, {}, 'deals_company'],
])('a forecast %s is found by an index', async (_, request, who, index) => {
  const { deals, plans } = watched();
  expect((await deals.forecast(request, 'open', by(who))).length).toBeGreaterThan(0);
  const [nodes = []] = plans;
  const whole = nodes.filter((node) => node['Node Type'] === 'Seq Scan');
  // A handful of stages is read at once.
  expect(whole.map((node) => node['Relation Name'])).not.toContain('deals');
  expect(nodes.map((node) => node['Index Name'])).toContain(index);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const role = 'admin';
type Pipeline = Answer['body'];
const create = async (name: string, stages: readonly object[]): Promise<Pipeline> => {
  const { status, body } = await crm.send('POST', '/pipelines', { role, body: { name, stages } });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
};
const patch = async (id: string, body: object, headers = {}) =>
  crm.send('PATCH', `/pipelines/${id}`, { role, body, headers });
const names = ({ stages }: Pipeline) => stages.map(({ name }: { name: string }) => name);
const open = [
  { name: 'A', probability: 10 },
  { name: 'B', probability: 50 },
];
const usual = [...open, { name: 'Won', outcome: 'won' }, { name: 'Lost', outcome: 'lost' }];

test('one pipeline with the usual stages is there from the beginning', async () => {
  const { body } = await crm.send('GET', '/pipelines', { role: 'viewer' });
  expect(body.items).toMatchObject([
    {
      name: 'Sales',
      is_default: true,
      stages: [
        { name: 'Lead', probability: 10, outcome: 'open' },
        { name: 'Qualified' },
        { name: 'Needs analysis' },
        { name: 'Proposal' },
        { name: 'Negotiation', probability: 80 },
        { name: 'Won', probability: 100, outcome: 'won' },
        { name: 'Lost', probability: 0, outcome: 'lost' },
      ],
    },
  ]);
});

test('administrators alone change pipelines, and name the version', async () => {
  const body = { name: 'Denied', stages: open };
  expect((await crm.send('POST', '/pipelines', { role: 'operator', body })).status).toBe(403);
  const { id } = await create('Guarded', open);
  const response = await crm.appliance.request('PATCH', `/api/v1/crm/pipelines/${id}`, { body: {} });
  expect(response.status).toBe(428);
  expect((await patch(id, { name: 'Stale' }, { 'if-match': '"9"' })).status).toBe(412);
  expect((await patch(id, { name: 'guarded' })).body).toMatchObject({ name: 'guarded', version: 2 });
  expect((await patch(id, { name: 'SALES' })).body.code).toBe('PIPELINE_NAME_TAKEN');
});

test('stages are added, renamed, put in another order and removed with one change of the list', async () => {
  const before = await create('Ordered', usual);
  const [a, b, won] = before.stages;
  const { body } = await patch(before.id, {
    stages: [{ name: 'New' }, { id: b.id, name: 'Second' }, { id: a.id, name: 'A' }, won],
  });
  expect(names(body)).toEqual(['New', 'Second', 'A', 'Won']);
  expect(body.stages).toMatchObject([
    { probability: 50, outcome: 'open' },
    { id: b.id, probability: 50 },
    { id: a.id, probability: 10 },
    { id: won.id, probability: 100 },
  ]);
  expect((await patch(before.id, { stages: body.stages })).body.version).toBe(2);
  const events = await crm.events(before.id, 2);
  expect(events[1]).toMatchObject({ type: 'pipeline.updated', data: { changed: ['stages'] } });
});

test.each<[string, readonly object[] | null, string, RegExp]>([
  ['no list', null, '/stages', /must be array|list of stages/],
  ['no stage', [], '/stages', /1 |fewer/],
  ['51 stages', Array.from({ length: 51 }, (_, n) => ({ name: `S${n}` })), '/stages', /50/],
  ['two of one name', [{ name: 'Ä' }, { name: 'a' }], '/stages/1/name', /name of two stages/],
  ['none that is open', [{ name: 'Won', outcome: 'won' }], '/stages', /open stage/],
  [
    'an uncertain victory',
    [{ name: 'Won', outcome: 'won', probability: 50 }],
    '/stages/0/probability',
    /must be 100/,
  ],
  ['a probability beyond certainty', [{ name: 'A', probability: 101 }], '/stages/0/probability', /0 to 100/],
  [
    'a stage of elsewhere',
    [{ id: '01890a5d-ac96-774b-bcce-b302099a8057', name: 'A' }],
    '/stages/0/id',
    /a stage of this pipeline/,
  ],
])('a pipeline with %s is refused', async (_, stages, path, message) => {
  const { status, body } = await crm.send('POST', '/pipelines', { role, body: { name: 'Faulty', stages } });
  expect(status).toBe(400);
  expect(body.faults).toContainEqual({ path, message: expect.stringMatching(message) });
});

test('one pipeline is the default, which passes from one to another and cannot be deleted', async () => {
  const { id } = await create('Next', open);
  const [sales] = (await crm.send('GET', '/pipelines')).body.items;
  expect((await patch(sales.id, { is_default: false })).body.code).toBe('PIPELINE_IS_DEFAULT');
  const remove = (of: string) => crm.send('DELETE', `/pipelines/${of}`, { role });
  expect((await remove(sales.id)).body.code).toBe('PIPELINE_IS_DEFAULT');
  expect((await patch(id, { is_default: true })).body).toMatchObject({ is_default: true, version: 2 });
  const former = (await crm.send('GET', `/pipelines/${sales.id}`)).body;
  expect(former).toMatchObject({ is_default: false, version: sales.version + 1 });
  expect((await crm.create('deals', { name: 'Defaulted' })).pipeline_id).toBe(id);
  await patch(sales.id, { is_default: true });
  expect((await remove(id)).body).toMatchObject({ code: 'PIPELINE_IN_USE', details: { deals: 1 } });
});

/** Deals that are not told what their stage says. */
const behind = async () =>
  crm.database.query(
    `select 1 from deals join stages on stages.id = stage_id
      where deals.status <> outcome or (probability_source = 'stage' and deals.probability <> stages.probability)
        or stages.pipeline_id <> deals.pipeline_id`,
  );

describe('the stage of deals', () => {
  test('is taken away only with a stage for them, which tells each deal', async () => {
    const pipeline = await create('Shrinking', usual);
    const [a, b] = pipeline.stages;
    const deals = await Promise.all(['x', 'y'].map((name) => crm.create('deals', { name, stage_id: a.id })));
    const left = pipeline.stages.slice(1);
    const refused = await patch(pipeline.id, { stages: left });
    expect(refused.body).toMatchObject({ code: 'STAGE_IN_USE', details: { deals: 2 } });
    const path = `/pipelines/${pipeline.id}/stages/${a.id}`;
    expect((await crm.send('DELETE', path, { role })).body.code).toBe('STAGE_IN_USE');
    const elsewhere = await crm.send('DELETE', `${path}?move_to=${pipeline.id}`, { role });
    expect(elsewhere.body.faults[0].path).toBe('/querystring/move_to');
    const { status, body } = await crm.send('DELETE', `${path}?move_to=${b.id}`, { role });
    expect(status).toBe(200);
    expect(body.stages).toEqual(left);
    for (const { id } of deals) {
      const moved = (await crm.send('GET', `/deals/${id}`)).body;
      expect(moved).toMatchObject({ stage_id: b.id, probability: 50, version: 2 });
      const told = (await crm.events(id, 3)).map(({ type }) => type);
      expect(told).toEqual(['deal.created', 'deal.updated', 'deal.stage_changed']);
    }
    expect((await crm.send('DELETE', path, { role })).body.code).toBe('STAGE_NOT_FOUND');
  });

  test('takes them along when its probability or outcome changes, but for what was set by hand', async () => {
    const pipeline = await create('Following', usual);
    const [a, b] = pipeline.stages;
    const plain = await crm.create('deals', { name: 'Plain', stage_id: b.id });
    const own = await crm.create('deals', { name: 'Own', stage_id: b.id, probability: 7 });
    await patch(pipeline.id, { stages: [a, { ...b, probability: 65 }] });
    expect((await crm.send('GET', `/deals/${plain.id}`)).body).toMatchObject({ probability: 65, version: 2 });
    expect((await crm.send('GET', `/deals/${own.id}`)).body).toMatchObject({ probability: 7, version: 1 });
    await patch(pipeline.id, { stages: [a, { id: b.id, name: 'B', outcome: 'won' }] });
    for (const { id } of [plain, own]) {
      const { body } = await crm.send('GET', `/deals/${id}`);
      expect(body).toMatchObject({ status: 'won', probability: 100, closed_at: expect.any(String) });
    }
    expect((await crm.events(plain.id, 4)).at(-1)?.type).toBe('deal.won');
  });

  test('never leaves behind deals that came into it while its probability changed', async () => {
    const pipeline = await create('Shifting', usual);
    const [a, b] = pipeline.stages;
    const begun = Array.from({ length: 25 }, () => crm.create('deals', { name: 'Mover', stage_id: b.id }));
    const deals = await Promise.all(begun);
    const moveTo = (stage_id: string) => {
      const items = deals.map(({ id }) => ({ action: 'update', id, if_match: '*', body: { stage_id } }));
      return crm.send('POST', '/deals/batch', { body: { items } });
    };
    for (let round = 0; round < 6; round += 1) {
      const answers = await Promise.all([
        moveTo(a.id),
        ...[1, 2, 3, 4].map(async (step) =>
          patch(pipeline.id, {
            stages: [{ ...a, probability: round * 10 + step }, ...pipeline.stages.slice(1)],
          }),
        ),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect(await behind()).toEqual([]);
      await moveTo(b.id);
    }
  });

  test('is changed and taken away while deals come and go: each deal is in a stage that is there', async () => {
    const pipeline = await create('Busy', usual);
    for (let round = 0; round < 8; round += 1) {
      const { body: now } = await crm.send('GET', `/pipelines/${pipeline.id}`);
      const [first, second] = now.stages;
      const deals = await Promise.all(
        ['a', 'b', 'c'].map((name) => crm.create('deals', { name, stage_id: first.id })),
      );
      const answers = await Promise.all([
        ...deals.map(({ id }) => crm.send('PATCH', `/deals/${id}`, { body: { stage_id: second.id } })),
        crm.send('DELETE', `/pipelines/${pipeline.id}/stages/${first.id}?move_to=${second.id}`, { role }),
        patch(
          pipeline.id,
          { stages: [{ name: `R${round}`, probability: round }, ...now.stages] },
          { 'if-match': '*' },
        ),
        ...deals.map(({ id }) => crm.send('PATCH', `/deals/${id}`, { body: { stage_id: first.id } })),
        crm.send('POST', '/deals', { body: { name: 'late', stage_id: first.id } }),
      ]);
      expect(answers.filter(({ status }) => ![200, 201, 400, 409].includes(status))).toEqual([]);
      await patch(pipeline.id, { name: `Busy ${round}` });
    }
    expect(await behind()).toEqual([]);
  });
});

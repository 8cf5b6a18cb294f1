import { recordKinds } from '../../kinds.ts';
import { subjectTypes } from '../../records/kind.ts';
import type { World } from './world.ts';
import { sees } from './model.ts';
import type { Asker } from './model.ts';
import { eachRecord } from './reading.ts';
import { allKinds } from './samples.ts';
import { compareText, forKinds, learnsSecret, ofKind, unlike, visible } from './way.ts';
import type { Way } from './way.ts';

const subjects = allKinds.filter(({ name }) => subjectTypes.some((subject) => subject === name));
const matched = [recordKinds.contacts, recordKinds.companies];

/** The pairs that a list of duplicates names, each as the marks of its records. */
async function pairsOf(world: World, asker: Asker): Promise<string[]> {
  const { body } = await world.ask(asker, 'GET', '/api/v1/crm/duplicates?limit=200');
  const pairs: { readonly record_ids: readonly string[] }[] = body.items;
  return pairs.map(({ record_ids }) => record_ids.toSorted().join(' ')).toSorted();
}

/** Records that lead to others, and what is counted or summed over records. */
export const relating: readonly Way[] = [
  ...forKinds((kind) => {
    const routes = [`GET ${kind.path}/{id}/timeline`];
    const way = { name: `the timelines of ${kind.table}`, routes, least: 'viewer' } as const;
    const timeline = { found: 200, whole: false };
    return eachRecord(way, kind, ({ id }) => ['GET', `${kind.path}/${id}/timeline?limit=200`], timeline);
  }, subjects),
  ...forKinds(
    (kind) => ({
      name: `the activities in timelines of ${kind.table}`,
      routes: [`GET ${kind.path}/{id}/timeline`, 'GET /api/v1/crm/activities'],
      least: 'viewer',
      async check(world, asker) {
        const differences: string[] = [];
        for (const { id, mark } of visible(world, asker, kind)) {
          const timeline = await world.ask(asker, 'GET', `${kind.path}/${id}/timeline?limit=200`);
          const about = await world.ask(asker, 'GET', `/api/v1/crm/activities?limit=200&record_id=${id}`);
          const everything = await world.ask(
            world.admin,
            'GET',
            `/api/v1/crm/activities?limit=200&record_id=${id}`,
          );
          const expected = visible(world, asker, recordKinds.activities).filter((one) =>
            everything.text.includes(one.mark),
          );
          for (const { text } of [timeline, about]) {
            differences.push(...compareText(world, asker, text, expected).map((one) => `${mark}: ${one}`));
          }
        }
        return differences;
      },
    }),
    subjects,
  ),
  ...forKinds((kind) => {
    const routes = [`GET ${kind.path}/{id}/associations`];
    const way = { name: `the associations of ${kind.table}`, routes, least: 'viewer' } as const;
    const list = { found: 200, whole: false };
    return eachRecord(way, kind, ({ id }) => ['GET', `${kind.path}/${id}/associations?limit=200`], list);
  }, subjects),
  ...forKinds(
    (kind) => ({
      name: `what is associated with ${kind.table}`,
      routes: [`GET ${kind.path}/{id}/associations`],
      least: 'viewer',
      async check(world, asker) {
        const differences: string[] = [];
        for (const { id, mark } of visible(world, asker, kind)) {
          const path = `${kind.path}/${id}/associations?limit=200`;
          const { text } = await world.ask(asker, 'GET', path);
          const everything = await world.ask(world.admin, 'GET', path);
          const expected = world.records.filter(
            (record) => everything.text.includes(record.mark) && sees(world.rules, asker, record),
          );
          differences.push(...compareText(world, asker, text, expected).map((one) => `${mark}: ${one}`));
        }
        return differences;
      },
    }),
    subjects,
  ),
  {
    name: 'tags and how many records carry them',
    routes: ['GET /api/v1/crm/tags'],
    least: 'viewer',
    async check(world, asker) {
      const { text, body } = await world.ask(asker, 'GET', '/api/v1/crm/tags?limit=200');
      const tags: Readonly<Record<string, unknown>>[] = body.items;
      const common = tags.find(({ name }) => name === 'common') ?? {};
      return [
        ...compareText(
          world,
          asker,
          text,
          allKinds.flatMap((kind) => visible(world, asker, kind)),
        ),
        ...allKinds.flatMap((kind) =>
          unlike(`the number of ${kind.table}`, common[kind.table] ?? 0, visible(world, asker, kind).length),
        ),
      ];
    },
  },
  {
    name: 'duplicates',
    routes: ['GET /api/v1/crm/duplicates'],
    least: 'viewer',
    async check(world, asker) {
      const seen = new Set(
        world.records.filter((record) => sees(world.rules, asker, record)).map(({ id }) => id),
      );
      const expected = (await pairsOf(world, world.admin)).filter((pair) =>
        pair.split(' ').every((id) => seen.has(id)),
      );
      return unlike('what is found', await pairsOf(world, asker), expected);
    },
  },
  ...forKinds((kind) => {
    const routes = [`GET ${kind.path}/{id}/duplicates`];
    const way = { name: `the duplicates of ${kind.table}`, routes, least: 'viewer' } as const;
    const list = { found: 200, whole: false };
    return eachRecord(way, kind, ({ id }) => ['GET', `${kind.path}/${id}/duplicates?limit=200`], list);
  }, matched),
  {
    name: 'the forecast',
    routes: ['GET /api/v1/crm/deals/forecast'],
    least: 'viewer',
    async check(world, asker) {
      const { body } = await world.ask(asker, 'GET', '/api/v1/crm/deals/forecast');
      const sums: { readonly deals: number; readonly amount?: string }[] = body.items;
      const deals = visible(world, asker, recordKinds.deals).length;
      const filter = 'filter={"external_id":{"starts_with":"secret"}}';
      const hidden = await world.ask(asker, 'GET', `/api/v1/crm/deals/forecast?${filter}`);
      const refused = learnsSecret(world, asker, recordKinds.deals) ? 200 : 400;
      return [
        ...unlike(
          'the number of deals',
          sums.reduce((sum, one) => sum + one.deals, 0),
          deals,
        ),
        ...unlike(
          'their amount',
          sums.reduce((sum, one) => sum + Number(one.amount), 0),
          deals * 100,
        ),
        ...unlike('a filter by a hidden field', hidden.status, refused),
      ];
    },
  },
  eachRecord(
    { name: 'the stages of deals', routes: ['GET /api/v1/crm/deals/{id}/stages'], least: 'viewer' },
    recordKinds.deals,
    ({ id }) => ['GET', `/api/v1/crm/deals/${id}/stages`],
    { found: 200, whole: false },
  ),
  {
    name: 'lists and their filters',
    routes: ['GET /api/v1/crm/lists', 'POST /api/v1/crm/lists/query', 'GET /api/v1/crm/lists/{id}'],
    least: 'viewer',
    async check(world, asker) {
      const answers = [
        await world.ask(asker, 'GET', '/api/v1/crm/lists?limit=200'),
        await world.ask(asker, 'POST', '/api/v1/crm/lists/query', { body: { limit: 200 } }),
        ...(await Promise.all(
          [...world.lists.values()].map((id) => world.ask(asker, 'GET', `/api/v1/crm/lists/${id}`)),
        )),
      ];
      return answers.flatMap(({ text }) => compareText(world, asker, text));
    },
  },
  ...forKinds((kind) => ({
    name: `adding ${kind.table} to a list`,
    routes: ['POST /api/v1/crm/lists', 'POST /api/v1/crm/lists/{id}/members'],
    least: 'operator',
    async check(world, asker) {
      const list = { name: `${asker.name} ${kind.table}`, kind: kind.name };
      const created = await world.ask(asker, 'POST', '/api/v1/crm/lists', { body: list });
      const add = ofKind(world, kind).map(({ id }) => id);
      const path = `/api/v1/crm/lists/${created.body.id}/members`;
      const { body } = await world.ask(asker, 'POST', path, { body: { add } });
      const seen = visible(world, asker, kind).length;
      return [
        ...unlike('how many were added', body.added, seen),
        ...unlike('how many are unknown', body.unknown?.length, add.length - seen),
      ];
    },
  })),
];

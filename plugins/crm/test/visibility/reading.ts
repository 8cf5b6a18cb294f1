import type { RecordKind } from '../../records/kind.ts';
import type { Asker, MadeRecord } from './model.ts';
import { allKinds, samples } from './samples.ts';
import {
  bareProblem,
  compareText,
  forKinds,
  learnsSecret,
  ofKind,
  unknownId,
  unlike,
  visible,
} from './way.ts';
import type { Way } from './way.ts';
import type { World } from './world.ts';

const all = 'limit=200';

/** What a request for several records tells. */
function listing(
  name: string,
  method: 'GET' | 'POST',
  route: (kind: RecordKind) => string,
  body?: object,
): readonly Way[] {
  return forKinds((kind) => ({
    name: `${name} of ${kind.table}`,
    routes: [`${method} ${route(kind).split('?', 1)[0] ?? ''}`],
    least: 'viewer',
    async check(world, asker) {
      const { text } = await world.ask(asker, method, route(kind), body === undefined ? {} : { body });
      return compareText(world, asker, text, visible(world, asker, kind));
    },
  }));
}

/** What naming a hidden field in a list is answered with. */
function namingHidden(name: string, query: (field: string) => string): readonly Way[] {
  return forKinds((kind) => ({
    name: `${name} of ${kind.table}`,
    routes: [`GET ${kind.path}`],
    least: 'viewer',
    async check(world, asker) {
      const { hidden } = samples[kind.table];
      const { status, text } = await world.ask(asker, 'GET', `${kind.path}?${query(hidden)}`);
      const refused = learnsSecret(world, asker, kind) ? [] : unlike('the status', status, 400);
      return [...refused, ...compareText(world, asker, text)];
    },
  }));
}

/** Asks for every record of a kind by its id; what is not seen is answered as what is not there. */
export function eachRecord(
  given: Pick<Way, 'name' | 'routes' | 'least'>,
  kind: RecordKind,
  request: (
    record: Pick<MadeRecord, 'id'>,
  ) => readonly [method: string, path: string, headers?: Record<string, string>, body?: object],
  { found, whole = true }: { readonly found: number; readonly whole?: boolean },
): Way {
  return {
    ...given,
    async check(world, asker) {
      const send = async (id: string) => {
        const [method, path, headers = {}, body] = request({ id });
        return world.ask(asker, method, path, { headers, ...(body === undefined ? {} : { body }) });
      };
      const unknown = await send(unknownId);
      const seen = new Set(visible(world, asker, kind));
      const differences: string[] = unlike('the status of what is not there', unknown.status, 404);
      for (const record of ofKind(world, kind)) {
        const { status, text } = await send(record.id);
        if (seen.has(record)) {
          differences.push(...unlike(`the status of ${record.mark}`, status, found));
          differences.push(...compareText(world, asker, text, whole ? [record] : []));
        } else {
          const [actual, expected] = [bareProblem(text, record.id), bareProblem(unknown.text, unknownId)];
          differences.push(...unlike(`the answer about ${record.mark}`, actual, expected));
        }
      }
      return differences;
    },
  };
}

async function countDiffers(world: World, asker: Asker, kind: RecordKind): Promise<string[]> {
  const { body } = await world.ask(asker, 'GET', `${kind.path}?count=true&limit=1`);
  return unlike('the count', body.count?.value, visible(world, asker, kind).length);
}

/** Reading records of one kind. */
export const reading: readonly Way[] = [
  ...listing('the list', 'GET', ({ path }) => `${path}?${all}`),
  ...listing('the list by words', 'GET', ({ name, path }) => `${path}?${all}&q=mark${name}`),
  ...listing('the list by a tag', 'GET', ({ path }) => `${path}?${all}&tag=common`),
  ...listing('a query', 'POST', ({ path }) => `${path}/query`, { limit: 200 }),
  ...listing('the list backwards', 'GET', ({ path }) => `${path}?${all}&sort=-created_at`),
  ...namingHidden('a filter by a hidden field', (field) => `${all}&filter={"${field}":{"ne":null}}`),
  ...namingHidden('an order by a hidden field', (field) => `${all}&sort=${field}`),
  ...namingHidden('hidden fields', (field) => `${all}&fields=${field}`),
  ...forKinds((kind) => ({
    name: `the number of ${kind.table}`,
    routes: [`GET ${kind.path}`],
    least: 'viewer',
    check: (world, asker) => countDiffers(world, asker, kind),
  })),
  ...forKinds((kind) => {
    const routes = [`GET ${kind.path}/{id}`];
    const way = { name: `one of ${kind.table}`, routes, least: 'viewer' } as const;
    return eachRecord(way, kind, ({ id }) => ['GET', `${kind.path}/${id}`], { found: 200 });
  }),
  ...forKinds((kind) => ({
    name: `words of a hidden field of ${kind.table}`,
    routes: [`GET ${kind.path}`],
    least: 'viewer',
    async check(world, asker) {
      const { text, body } = await world.ask(asker, 'GET', `${kind.path}?${all}&q=secret${kind.name}`);
      const found = learnsSecret(world, asker, kind) ? [] : unlike('what was found', body.items.length, 0);
      return [...found, ...compareText(world, asker, text)];
    },
  })),
  ...forKinds((kind) => ({
    name: `the members of a list of ${kind.table}`,
    routes: ['GET /api/v1/crm/lists/{id}/members', `GET ${kind.path}`],
    least: 'viewer',
    async check(world, asker) {
      const list = world.lists.get(kind.name) ?? '';
      const paths = [`/api/v1/crm/lists/${list}/members?${all}`, `${kind.path}?${all}&list=${list}`];
      const answers = await Promise.all(paths.map((path) => world.ask(asker, 'GET', path)));
      return answers.flatMap(({ text }) => compareText(world, asker, text, visible(world, asker, kind)));
    },
  })),
  ...forKinds((kind) => ({
    name: `an export of ${kind.table}`,
    routes: [`GET ${kind.path}/export`],
    least: 'operator',
    async check(world, asker) {
      const { hidden } = samples[kind.table];
      const { text } = await world.ask(asker, 'GET', `${kind.path}/export`);
      const chosen = await world.ask(asker, 'GET', `${kind.path}/export?columns=id,${hidden}`);
      const refused = learnsSecret(world, asker, kind) ? [] : unlike('its columns', chosen.status, 400);
      return [
        ...compareText(world, asker, text, visible(world, asker, kind)),
        ...refused,
        ...compareText(world, asker, chosen.text),
      ];
    },
  })),
  ...forKinds((kind) => ({
    name: `the search of ${kind.table}`,
    routes: ['GET /api/v1/crm/search'],
    least: 'viewer',
    async check(world, asker) {
      const search = (words: string) =>
        world.ask(asker, 'GET', `/api/v1/crm/search?limit=50&kinds=${kind.name}&q=${words}`);
      const { text } = await search(`mark${kind.name}`);
      const secret = await search(`secret${kind.name}`);
      const found = learnsSecret(world, asker, kind)
        ? []
        : unlike('what was found', secret.body.items.length, 0);
      return [
        ...compareText(world, asker, text, visible(world, asker, kind)),
        ...found,
        ...compareText(world, asker, secret.text),
      ];
    },
  })),
  {
    name: 'the search of everything',
    routes: ['GET /api/v1/crm/search'],
    least: 'viewer',
    async check(world, asker) {
      const answers = await Promise.all(
        world.records.map(({ mark }) => world.ask(asker, 'GET', `/api/v1/crm/search?q=${mark}`)),
      );
      const seen = allKinds.flatMap((kind) => visible(world, asker, kind));
      const text = answers.map((answer) => answer.text).join('\n');
      return compareText(world, asker, text, seen);
    },
  },
];

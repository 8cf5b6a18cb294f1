import { bareProblem, compareText, forKinds, unknownId, unlike, visible } from './way.ts';
import type { Way } from './way.ts';
import { allKinds } from './samples.ts';
import { sees } from './model.ts';

const anyVersion = { 'if-match': '*' };

/** What belongs to one caller alone, and changes of what several records share. */
export const owning: readonly Way[] = [
  ...forKinds((kind) => ({
    name: `a bulk change of ${kind.table} of somebody else`,
    routes: [
      `POST ${kind.path}/bulk`,
      `GET ${kind.path}/bulk`,
      `GET ${kind.path}/bulk/{id}`,
      `GET ${kind.path}/bulk/{id}/items`,
      `POST ${kind.path}/bulk/{id}/cancel`,
      `POST ${kind.path}/bulk/{id}/undo`,
    ],
    least: 'operator',
    async check(world, asker) {
      if (asker.role === 'admin') return [];
      const bulk = { action: 'update', filter: { id: unknownId }, patch: { tags: ['bulk'] } };
      const { body, text } = await world.ask(world.admin, 'POST', `${kind.path}/bulk`, { body: bulk });
      const begun = body.id === undefined ? [text] : [];
      const one = `${kind.path}/bulk/${body.id}`;
      const asked = [
        ['GET', one],
        ['GET', `${one}/items`],
        ['POST', `${one}/cancel`],
        ['POST', `${one}/undo`],
      ] as const;
      const answers = await Promise.all(asked.map(([method, path]) => world.ask(asker, method, path)));
      const list = await world.ask(asker, 'GET', `${kind.path}/bulk`);
      return [
        ...begun,
        ...answers.flatMap(({ status }, index) =>
          unlike(`the status of ${asked[index]?.join(' ')}`, status, 404),
        ),
        ...unlike('whether it is listed', list.text.includes(body.id), false),
      ];
    },
  })),
  {
    name: 'the answer kept for a repeated request',
    routes: ['POST /api/v1/crm/contacts'],
    least: 'operator',
    async check(world, asker) {
      if (asker.role === 'admin') return [];
      const email = `kept-for-${asker.name.replaceAll(/\W/g, '-')}@matrix.example`;
      const sent = {
        headers: { 'idempotency-key': `matrix ${asker.name}` },
        body: { first_name: 'Kept', email },
      };
      const first = await world.ask(world.admin, 'POST', '/api/v1/crm/contacts', sent);
      const again = await world.ask(asker, 'POST', '/api/v1/crm/contacts', sent);
      const made = {
        kind: 'contact',
        table: 'contacts',
        id: first.body.id,
        mark: '',
        secret: '',
        owner: null,
        team: null,
      } as const;
      const named = again.text.includes(first.body.id);
      return named && !sees(world.rules, asker, made) ? ['the answer of somebody else is repeated'] : [];
    },
  },
  {
    name: 'renaming the tag of a record that is not seen',
    routes: ['PATCH /api/v1/crm/tags/{tag}'],
    least: 'operator',
    async check(world, asker) {
      const rename = (tag: string) =>
        world.ask(asker, 'PATCH', `/api/v1/crm/tags/${tag}`, { body: { name: 'renamed' } });
      const unknown = bareProblem((await rename('tagofnobody')).text, 'tagofnobody');
      const differences: string[] = [];
      for (const record of world.records.filter((one) => !sees(world.rules, asker, one))) {
        const tag = `tag${record.mark}`;
        differences.push(...unlike(`renaming ${tag}`, bareProblem((await rename(tag)).text, tag), unknown));
      }
      return differences;
    },
  },
  {
    name: 'deciding about a pair of which one record is not seen',
    routes: ['POST /api/v1/crm/duplicates/{id}/dismiss', 'POST /api/v1/crm/duplicates/{id}/reopen'],
    least: 'operator',
    async check(world, asker) {
      const { body } = await world.ask(world.admin, 'GET', '/api/v1/crm/duplicates?limit=200');
      const pairs: { readonly id: string; readonly record_ids: readonly string[] }[] = body.items;
      const seen = new Set(world.records.filter((one) => sees(world.rules, asker, one)).map(({ id }) => id));
      const unseen = pairs.filter(({ record_ids }) => !record_ids.every((id) => seen.has(id)));
      const differences: string[] = [];
      for (const { id } of unseen.slice(0, 20)) {
        for (const deed of ['dismiss', 'reopen']) {
          const { status } = await world.ask(asker, 'POST', `/api/v1/crm/duplicates/${id}/${deed}`, {
            headers: anyVersion,
          });
          differences.push(...unlike(`the status of ${deed}`, status, 404));
        }
      }
      return differences;
    },
  },
  {
    name: 'saved views of others',
    routes: [
      'GET /api/v1/crm/views',
      'POST /api/v1/crm/views/query',
      'GET /api/v1/crm/views/{id}',
      'POST /api/v1/crm/views',
    ],
    least: 'viewer',
    async check(world, asker) {
      const admin = world.admin;
      const ids: string[] = [];
      for (const { name, table } of allKinds) {
        const [first] = visible(world, admin, { name, table } as (typeof allKinds)[number]);
        const view = { name: `of ${name}`, kind: name, shared: 'everyone', filter: { id: first?.id ?? '' } };
        ids.push((await world.ask(admin, 'POST', '/api/v1/crm/views', { body: view })).body.id);
      }
      const answers = await Promise.all([
        world.ask(asker, 'GET', '/api/v1/crm/views?limit=200'),
        world.ask(asker, 'POST', '/api/v1/crm/views/query', { body: { limit: 200 } }),
        ...ids.map((id) => world.ask(asker, 'GET', `/api/v1/crm/views/${id}`)),
      ]);
      return answers.flatMap(({ text }) => compareText(world, asker, text));
    },
  },
];

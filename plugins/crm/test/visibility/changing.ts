import { recordKinds } from '../../kinds.ts';
import { subjectTypes } from '../../records/kind.ts';
import type { RecordKind } from '../../records/kind.ts';
import { learns, writes } from './model.ts';
import type { Asker } from './model.ts';
import { eachRecord } from './reading.ts';
import { allKinds, samples } from './samples.ts';
import { bareProblem, compareText, forKinds, ofKind, unknownId, unlike, visible } from './way.ts';
import type { Way } from './way.ts';
import type { World } from './world.ts';

const stale = { 'if-match': '"999"' };
const anyVersion = { 'if-match': '*' };
const subjects = allKinds.filter(({ name }) => subjectTypes.some((subject) => subject === name));
const matched = [recordKinds.contacts, recordKinds.companies];

interface Refused {
  readonly index: number;
  readonly status: number;
}

/** What each item of a batch would be refused for; nothing of it is done. */
async function tryBatch(world: World, asker: Asker, kind: RecordKind, items: readonly object[]) {
  const body = { atomic: true, items: [...items, { action: 'create', body: {} }] };
  const { text, body: answer } = await world.ask(asker, 'POST', `${kind.path}/batch`, { body });
  const results: Refused[] = answer.details?.results ?? answer.results ?? [];
  return { text, refused: new Map(results.map(({ index, status }) => [index, status])) };
}

/** Changing and deleting records of one kind, and what the answers tell of those that are not seen. */
export const changing: readonly Way[] = [
  ...forKinds((kind) => {
    const way = {
      name: `a stale change of ${kind.table}`,
      routes: [`PATCH ${kind.path}/{id}`],
      least: 'operator',
    } as const;
    return eachRecord(way, kind, ({ id }) => ['PATCH', `${kind.path}/${id}`, stale, {}], { found: 412 });
  }),
  ...forKinds((kind) => {
    const way = {
      name: `a stale deletion of ${kind.table}`,
      routes: [`DELETE ${kind.path}/{id}`],
      least: 'operator',
    } as const;
    return eachRecord(way, kind, ({ id }) => ['DELETE', `${kind.path}/${id}`, stale], { found: 412 });
  }),
  ...forKinds((kind) => {
    const way = {
      name: `a change of nothing of ${kind.table}`,
      routes: [`PATCH ${kind.path}/{id}`],
      least: 'operator',
    } as const;
    return eachRecord(way, kind, ({ id }) => ['PATCH', `${kind.path}/${id}`, anyVersion, {}], { found: 200 });
  }),
  ...forKinds((kind) => ({
    name: `fields of ${kind.table} that may not be written`,
    routes: [`PATCH ${kind.path}/{id}`, `POST ${kind.path}`],
    least: 'operator',
    async check(world, asker) {
      const { readOnly, hidden, fields } = samples[kind.table];
      const [record] = visible(world, asker, kind);
      const differences: string[] = [];
      for (const [field, value] of [readOnly, [hidden, 'written'] as const]) {
        if (writes(world.rules, asker, kind.table, field)) continue;
        const body = { [field]: value };
        const made = { ...fields('written', 'written'), ...body };
        const created = await world.ask(asker, 'POST', kind.path, { body: made });
        differences.push(...unlike(`creating with ${field}`, created.status, 400));
        if (record === undefined) continue;
        const sent = { headers: anyVersion, body };
        const changed = await world.ask(asker, 'PATCH', `${kind.path}/${record.id}`, sent);
        differences.push(...unlike(`changing ${field}`, changed.status, 400));
        differences.push(...compareText(world, asker, changed.text));
      }
      return differences;
    },
  })),
  ...forKinds((kind) => ({
    name: `a batch about ${kind.table}`,
    routes: [`POST ${kind.path}/batch`],
    least: 'operator',
    async check(world, asker) {
      const records = ofKind(world, kind);
      const seen = new Set(visible(world, asker, kind));
      const items = records.map(({ id }) => ({ action: 'update', id, if_match: '*', body: {} }));
      const { text, refused } = await tryBatch(world, asker, kind, items);
      return [
        ...compareText(world, asker, text),
        ...records.flatMap((record, index) =>
          unlike(`the status of ${record.mark}`, refused.get(index) ?? 200, seen.has(record) ? 200 : 404),
        ),
      ];
    },
  })),
  ...forKinds((kind) => ({
    name: `a bulk change of ${kind.table}, tried`,
    routes: [`POST ${kind.path}/bulk`, `GET ${kind.path}/bulk`],
    least: 'operator',
    async check(world, asker) {
      const { readOnly } = samples[kind.table];
      const expected = visible(world, asker, kind);
      const differences: string[] = [];
      const deeds = [{ action: 'delete' }, { action: 'update', patch: { [readOnly[0]]: readOnly[1] } }];
      for (const deed of deeds) {
        const body = { ...deed, filter: {}, preview: true };
        const { text, body: answer } = await world.ask(asker, 'POST', `${kind.path}/bulk`, { body });
        differences.push(...unlike('the number of records', answer.count?.value, expected.length));
        const shown: { readonly id: string }[] = answer.items ?? [];
        const ids = expected.map(({ id }) => id);
        differences.push(...unlike('the records', shown.map(({ id }) => id).toSorted(), ids.toSorted()));
        differences.push(...compareText(world, asker, text));
      }
      const { text } = await world.ask(asker, 'GET', `${kind.path}/bulk`);
      return [...differences, ...compareText(world, asker, text)];
    },
  })),
  ...forKinds((kind) => ({
    name: `references of ${kind.table} to what is not seen`,
    routes: [`POST ${kind.path}/batch`, `POST ${kind.path}`],
    least: 'operator',
    async check(world, asker) {
      const { references, fields } = samples[kind.table];
      const differences: string[] = [];
      for (const [field, name] of Object.entries(references)) {
        const referred = allKinds.find((one) => one.name === name);
        if (referred === undefined) throw new TypeError(`there is no kind called ${name}`);
        const records = ofKind(world, referred);
        const seen = new Set(visible(world, asker, referred));
        const { hidden } = samples[kind.table];
        const items = records.map(({ id }, index) => {
          const { [hidden]: secret, ...rest } = fields(`refers${index}`, `refers${index}`);
          const all = learns(world.rules, asker, kind.table, hidden) ? { ...rest, [hidden]: secret } : rest;
          const written = Object.entries(all).filter(([one]) => writes(world.rules, asker, kind.table, one));
          return { action: 'create', body: { ...Object.fromEntries(written), [field]: id } };
        });
        const { text, refused } = await tryBatch(world, asker, kind, items);
        differences.push(...compareText(world, asker, text));
        for (const [index, record] of records.entries()) {
          const expected = seen.has(record) ? 201 : 400;
          differences.push(...unlike(`a ${field} of ${record.mark}`, refused.get(index) ?? 201, expected));
        }
      }
      return differences;
    },
  })),
  ...forKinds((kind) => ({
    name: `keys of ${kind.table} that are taken`,
    routes: [`POST ${kind.path}`],
    least: 'operator',
    async check(world, asker) {
      const { key, fields } = samples[kind.table];
      if (key === undefined || !writes(world.rules, asker, kind.table, key)) return [];
      const seen = new Set(visible(world, asker, kind));
      const differences: string[] = [];
      for (const record of ofKind(world, kind)) {
        const all = Object.entries(fields('takes', record.secret));
        const body = Object.fromEntries(all.filter(([one]) => writes(world.rules, asker, kind.table, one)));
        const { status, text } = await world.ask(asker, 'POST', kind.path, { body });
        differences.push(...unlike(`the status of ${record.mark}`, status, 409));
        const named = text.includes(record.id);
        differences.push(...unlike(`whether ${record.mark} is named`, named, seen.has(record)));
      }
      return differences;
    },
  })),
  ...forKinds(
    (kind) => ({
      name: `associating ${kind.table} with what is not seen`,
      routes: [
        `PUT ${kind.path}/{id}/associations/{kind}/{other_id}`,
        `DELETE ${kind.path}/{id}/associations/{kind}/{other_id}`,
      ],
      least: 'operator',
      async check(world, asker) {
        const [record] = visible(world, asker, kind);
        if (record === undefined) return [];
        const differences: string[] = [];
        for (const other of subjects) {
          const seen = new Set(visible(world, asker, other));
          const path = `${kind.path}/${record.id}/associations/${other.name}`;
          for (const method of ['PUT', 'DELETE']) {
            const sent = method === 'PUT' ? { body: {} } : {};
            const unknown = await world.ask(asker, method, `${path}/${unknownId}`, sent);
            for (const one of ofKind(world, other).filter((hidden) => !seen.has(hidden))) {
              const { text } = await world.ask(asker, method, `${path}/${one.id}`, sent);
              const [actual, expected] = [bareProblem(text, one.id), bareProblem(unknown.text, unknownId)];
              differences.push(...unlike(`${method} with ${one.mark}`, actual, expected));
            }
          }
        }
        return differences;
      },
    }),
    subjects,
  ),
  ...forKinds(
    (kind) => ({
      name: `a merge of ${kind.table}, tried`,
      routes: [`POST ${kind.path}/{id}/merge`],
      least: 'operator',
      async check(world, asker) {
        const [record] = visible(world, asker, kind);
        if (record === undefined) return [];
        const seen = new Set(visible(world, asker, kind));
        const merge = (id: string, other_id: string) =>
          world.ask(asker, 'POST', `${kind.path}/${id}/merge?preview=true`, {
            headers: anyVersion,
            body: { other_id },
          });
        const unknown = await merge(record.id, unknownId);
        const differences: string[] = [];
        for (const other of ofKind(world, kind).filter((one) => one !== record)) {
          const { status, text } = await merge(record.id, other.id);
          differences.push(...compareText(world, asker, text));
          if (seen.has(other)) {
            differences.push(...unlike(`the status of ${other.mark}`, status, 200));
            continue;
          }
          const [actual, expected] = [bareProblem(text, other.id), bareProblem(unknown.text, unknownId)];
          differences.push(...unlike(`a merge with ${other.mark}`, actual, expected));
        }
        return differences;
      },
    }),
    matched,
  ),
  {
    name: 'deleting a company that others have',
    routes: ['DELETE /api/v1/crm/companies/{id}'],
    least: 'operator',
    async check(world, asker) {
      const differences: string[] = [];
      for (const { id, mark } of visible(world, asker, recordKinds.companies)) {
        const path = `/api/v1/crm/companies/${id}`;
        const { body } = await world.ask(asker, 'DELETE', path, { headers: anyVersion });
        const related = await Promise.all(
          [recordKinds.contacts, recordKinds.deals, recordKinds.companies].map(async (kind) => {
            const field = kind.table === 'companies' ? 'parent_id' : 'company_id';
            const all = await world.ask(
              world.admin,
              'GET',
              `${kind.path}?limit=200&filter={"${field}":"${id}"}`,
            );
            return visible(world, asker, kind).filter((record) => all.text.includes(record.mark)).length;
          }),
        );
        const [contacts, deals, companies] = related;
        if (body.code !== 'COMPANY_IN_USE') differences.push(`${mark}: ${JSON.stringify(body)}`);
        const told = {
          contacts: body.details?.contacts,
          deals: body.details?.deals,
          companies: body.details?.companies,
        };
        differences.push(...unlike(`what ${mark} has`, told, { contacts, deals, companies }));
      }
      return differences;
    },
  },
];

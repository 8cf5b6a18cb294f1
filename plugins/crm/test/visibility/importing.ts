import { eventually } from '../support.ts';
import type { Asker } from './model.ts';
import { allKinds, samples } from './samples.ts';
import { compareText, forKinds, learnsSecret, ofKind, unlike, visible } from './way.ts';
import type { Way } from './way.ts';
import type { World } from './world.ts';

const imports = '/api/v1/crm/imports';
const keyed = allKinds.filter(({ table }) => samples[table].key !== undefined);

async function ended(world: World, asker: Asker, id: string) {
  return eventually(async () => {
    const { body } = await world.ask(asker, 'GET', `${imports}/${id}`);
    if (body.status === undefined) throw new Error(`there is no import: ${JSON.stringify(body)}`);
    return body.status === 'checked' || body.finished_at !== null ? body : undefined;
  });
}

/** A file that has every record of a kind in it, with its key. */
function fileOf(world: World, kind: (typeof allKinds)[number], key: string): string {
  const { marked, fields } = samples[kind.table];
  const rows = ofKind(world, kind).map(({ mark, secret }) => `${String(fields(mark, secret)[key])},${mark}`);
  return [`${key},${marked}`, ...rows, ''].join('\n');
}

/** Files: which records their rows find, and what is told of the imports of others. */
export const importing: readonly Way[] = [
  ...forKinds(
    (kind) => ({
      name: `an import of ${kind.table}, tried`,
      routes: [`POST ${imports}`, `GET ${imports}/{id}`, `GET ${imports}/{id}/errors`],
      least: 'operator',
      async check(world, asker) {
        const { key = '' } = samples[kind.table];
        if (!learnsSecret(world, asker, kind)) return [];
        const query = `?object=${kind.table}&key=${key}&dry_run=true`;
        const { body } = await world.ask(asker, 'POST', imports + query, {
          body: fileOf(world, kind, key),
        });
        const { rows_created, rows_updated } = await ended(world, asker, body.id);
        const seen = new Set(visible(world, asker, kind));
        const { text } = await world.ask(asker, 'GET', `${imports}/${body.id}/errors`);
        const refused = ofKind(world, kind).filter((record) => !seen.has(record));
        const lines = text.split(/\r?\n/).filter((line) => line.includes('mark'));
        return [
          ...unlike('the rows that change a record', rows_updated, seen.size),
          ...unlike('the rows that make one', rows_created, 0),
          ...unlike('the refused rows', lines.length, refused.length),
          ...refused.flatMap(({ id }) => unlike(`whether ${id} is named`, text.includes(id), false)),
        ];
      },
    }),
    keyed,
  ),
  ...forKinds(
    (kind) => ({
      name: `an import of ${kind.table} of somebody else`,
      routes: [
        `GET ${imports}`,
        `GET ${imports}/{id}`,
        `GET ${imports}/{id}/preview`,
        `GET ${imports}/{id}/errors`,
      ],
      least: 'viewer',
      async check(world, asker) {
        const { key = '' } = samples[kind.table];
        const admin = world.admin;
        const query = `?object=${kind.table}&key=${key}`;
        const file = fileOf(world, kind, key);
        const waiting = await world.ask(admin, 'POST', `${imports}${query}&start=false`, { body: file });
        const faulty = file.replaceAll(/(secret\w+),(mark\w+)|(secret\S+),(mark\w+)/g, '$1$3,$2$4,too,many');
        const { body } = await world.ask(admin, 'POST', `${imports}${query}&dry_run=true`, { body: faulty });
        await ended(world, admin, body.id);
        const paths = ['', `/${waiting.body.id}`, `/${waiting.body.id}/preview`, `/${body.id}/errors`];
        const answers = await Promise.all(paths.map((path) => world.ask(asker, 'GET', imports + path)));
        return answers.flatMap(({ text }) => compareText(world, asker, text));
      },
    }),
    keyed,
  ),
];

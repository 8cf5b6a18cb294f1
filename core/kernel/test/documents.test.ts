import { glob, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { blocksOf, follow, stepsOf } from './document.ts';
import { repository, startProduct, testFolder, unlimitedClient } from './process.ts';

const Operation = Type.Object({ description: Type.String() });
const Described = Type.Object({
  paths: Type.Record(Type.String(), Type.Record(Type.String(), Operation)),
});

async function read(path: string): Promise<string> {
  return readFile(join(repository, path), 'utf8');
}

test('the commands of README and how-tos give the answers they show, in order, after a plain npm start', async () => {
  await using folder = await testFolder();
  await using appliance = await startProduct(join(folder.path, 'data'), [], { by: 'npm' });
  await follow(await read('README.md'), appliance);
  await follow(await read('docs/how-to/first-ten-minutes.md'), appliance);
  // Each of the others would be read alone; together they stay below the rate that the default client allows.
  await follow(await read('docs/how-to/switch-a-capability.md'), appliance);
  await follow(await read('docs/how-to/lost-password.md'), appliance);
  await follow(await read('docs/how-to/follow-events.md'), appliance);
  await follow(await read('docs/how-to/operate.md'), appliance);
  await follow(await read('docs/how-to/connect-a-program.md'), appliance);
  await follow(await read('docs/how-to/call-the-api.md'), appliance);
  await follow(await read('docs/how-to/teams.md'), appliance);
  await follow(await read('docs/how-to/import-your-salesforce-export.md'), appliance);
});

test('fields are added, filled, imported, removed and purged as the how-to says', async () => {
  await using folder = await testFolder();
  await using appliance = await startProduct(join(folder.path, 'data'));
  await follow(await read('docs/how-to/custom-fields.md'), appliance);
});

test('a person is shown all that is held about them, and erased, as the how-to says', async () => {
  await using folder = await testFolder();
  await using appliance = await startProduct(join(folder.path, 'data'));
  await follow(await read('docs/how-to/erase-a-person.md'), appliance);
});

test('rules of who sees what, as the how-to writes them, show and hide as it says', async () => {
  await using folder = await testFolder();
  const markdown = await read('docs/how-to/who-sees-what.md');
  const yaml = blocksOf(markdown).find(({ language }) => language === 'yaml')?.text ?? '';
  const config = await folder.write('client.yaml', yaml);
  await using appliance = await startProduct(join(folder.path, 'data'), ['--config', config]);
  await follow(markdown, appliance);
});

test('the README has five curl commands and the two that begin everything', async () => {
  const markdown = await read('README.md');
  expect(stepsOf(markdown).flatMap(({ command }) => command.match(/^curl /gm) ?? [])).toHaveLength(5);
  expect(markdown).toContain('npm ci && npm start\nnpm ci && npm test\n');
});

/** Writes the plugin of a how-to, as it is printed there, below `plugins` of a folder. */
async function writePlugin(folder: string, document: string): Promise<void> {
  for (const { before, text } of blocksOf(await read(document))) {
    const file = /^`(plugins\/[\w./-]+)`/.exec(before)?.[1];
    if (file === undefined) continue;
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
}

/** Follows a how-to that prints a plugin, on an appliance that finds it. */
async function followPlugin(document: string): Promise<void> {
  await using folder = await testFolder();
  await writePlugin(folder.path, document);
  const client = `${unlimitedClient}plugins: { paths: ["${join(folder.path, 'plugins')}"] }\n`;
  const config = await folder.write('client.yaml', client);
  await using appliance = await startProduct(join(folder.path, 'data'), ['--config', config]);
  await follow(await read(document), appliance);
}

test('the plugin of the how-to, as printed there, is served without touching the core', async () => {
  await followPlugin('docs/how-to/write-a-plugin.md');
});

test('the resource of the how-to, in some twenty lines, is paged, filtered, versioned and changed as shown there', async () => {
  await followPlugin('docs/how-to/declare-a-resource.md');
});

test('a packed plugin is upgraded and rolled back as the how-to says, with the YAML that it shows', async () => {
  await using folder = await testFolder();
  const markdown = await read('docs/how-to/upgrade-and-roll-back.md');
  await writePlugin(folder.path, 'docs/how-to/write-a-plugin.md');
  await mkdir(join(folder.path, 'plugins-of-acme'));
  const yaml = blocksOf(markdown).find(({ language }) => language === 'yaml')?.text ?? '';
  const config = await folder.write('client.yaml', yaml);
  await using appliance = await startProduct(join(folder.path, 'data'), ['--config', config]);
  // The reader stands where plugin and YAML lie; here that is not the repository.
  const elsewhere = markdown.replaceAll(/ (?=plugins\/hello|plugins-of-acme\/)/g, ` ${folder.path}/`);
  await follow(elsewhere, appliance);
});

test('the table of roles names every route of the API with the role that it asks for', async () => {
  await using folder = await testFolder();
  await using appliance = await startProduct(join(folder.path, 'data'));
  const document: unknown = await (await appliance.request('GET', '/openapi.json')).json();
  const rows = (await read('docs/reference/roles.md')).matchAll(/^\| `([A-Z]+ \/\S*)` \| ([a-z ]+) \|/gm);
  const shown = Array.from(rows, ([, route, needs]) => `${route}: ${needs}`);
  expect(shown.toSorted()).toEqual(neededRoles(document).toSorted());
});

/** What each operation of an OpenAPI document says of the roles it needs, such as `GET /health: everyone`. */
function neededRoles(document: unknown): string[] {
  const { paths } = Value.Parse(Described, document);
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { description }]) => {
      const roles = /Needs the role ([a-z ]+)\.$/.exec(description)?.[1];
      return `${method.toUpperCase()} ${path}: ${roles ?? 'everyone'}`;
    }),
  );
}

test('no document links to a file that is not there', async () => {
  const missing: string[] = [];
  for await (const document of glob(['README.md', 'docs/**/*.md', 'plugins/*/README.md'], {
    cwd: repository,
  })) {
    const links = (await read(document)).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g);
    for (const [, link = ''] of links) {
      const target = join(repository, dirname(document), link);
      const found = await readFile(target).then(
        () => true,
        (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EISDIR',
      );
      if (!found) missing.push(`${document}: ${link}`);
    }
  }
  expect(missing).toEqual([]);
});

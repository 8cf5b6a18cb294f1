import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Asker } from './visibility/model.ts';
import { unplaced, ways } from './visibility/routes.ts';
import { scenarios } from './visibility/scenarios.ts';
import { unknownId } from './visibility/way.ts';
import { createWorld } from './visibility/world.ts';
import type { World } from './visibility/world.ts';

const rank = ['viewer', 'operator', 'admin'];
const timeout = 240_000;

describe.each(scenarios)('with $name', ({ access }) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ access });
  }, timeout);
  afterAll(() => world[Symbol.asyncDispose]());

  test('every route of the plugin has its place among the ways to reach a record', async () => {
    const routes = await routesOf(world);
    expect(routes.length).toBeGreaterThan(50);
    // Administrators see everything.
    const others = routes.filter(({ roles }) => roles !== 'admin');
    expect(unplaced(others.map(({ method, path }) => `${method} ${path}`))).toEqual([]);
  });

  test('what is for administrators is refused to everybody else', { timeout }, async () => {
    const routes = (await routesOf(world)).filter(({ roles }) => roles === 'admin');
    const others = world.askers.filter(({ role }) => role !== 'admin');
    for (const { method, path } of routes) {
      const asked = path.replaceAll(/\{\w+\}/g, unknownId);
      const answers = await Promise.all(others.map((asker) => world.ask(asker, method, asked)));
      expect([path, ...answers.map(({ status }) => status)]).toEqual([path, ...others.map(() => 403)]);
    }
  });

  test.each(ways)('$name tells everybody what they may see and no more', { timeout }, async (way) => {
    const asked = world.askers.filter(({ role }) => rank.indexOf(role) >= rank.indexOf(way.least));
    const differences = new Map<string, readonly string[]>();
    const ask = async (asker: Asker): Promise<void> => {
      const sentences = await way.check(world, asker);
      if (sentences.length > 0) differences.set(asker.name, sentences);
    };
    if (way.changes === true) for (const asker of asked) await ask(asker);
    else await Promise.all(asked.map(ask));
    expect(Object.fromEntries(differences)).toEqual({});
  });
});

/** The routes of the plugin, each with the roles that it says it needs. */
async function routesOf(world: World) {
  const { body } = await world.ask(world.admin, 'GET', '/openapi.json');
  const paths: Readonly<Record<string, Readonly<Record<string, { readonly description?: string }>>>> =
    body.paths;
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/crm/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { description = '' }]) => {
        const roles = /Needs the role ([a-z ]+)\.$/.exec(description)?.[1];
        return { method: method.toUpperCase(), path, roles };
      }),
    );
}

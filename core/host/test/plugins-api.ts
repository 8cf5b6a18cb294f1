import { expect } from 'vitest';
import type { RequestOptions } from '../../testing/appliance.ts';
import type { PluginView } from '../view.ts';

/** What the functions here need of an appliance, in this process or another. */
export interface Reachable {
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
}

const path = (name: string): string => `/api/v1/system/plugins/${name}`;

/** The plugin as the API shows it. */
export async function showPlugin(world: Reachable, name: string): Promise<PluginView> {
  const answer = await world.request('GET', path(name));
  expect(answer.status).toBe(200);
  return (await answer.json()) as PluginView;
}

/** Asks for the change and expects it to be in effect with the answer. */
export async function changePlugin(
  world: Reachable,
  name: string,
  change: 'enable' | 'disable' | 'reload' | 'rollback',
): Promise<PluginView> {
  const answer = await world.request('POST', `${path(name)}/${change}`);
  const body: unknown = await answer.json();
  expect([change, answer.status, body]).toEqual([change, 200, expect.anything()]);
  return body as PluginView;
}

/** Resolves once the API shows the plugin like this; fails after 30 s. */
export async function untilPlugin(
  world: Reachable,
  name: string,
  like: Partial<PluginView>,
): Promise<PluginView> {
  await expect
    .poll(async () => showPlugin(world, name), { timeout: 30_000, interval: 20 })
    .toMatchObject(like);
  return showPlugin(world, name);
}

/** Status and code of the problem that the path answers with; the code is undefined where the answer is none. */
export async function outcomeOf(
  world: Reachable,
  target: string,
): Promise<readonly [status: number, code: unknown]> {
  const answer = await world.request('GET', target);
  const body = (await answer.json()) as { readonly code?: unknown };
  return [answer.status, body.code];
}

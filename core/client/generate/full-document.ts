import type { Appliance } from '@orchestrall/core';
import Type from 'typebox';
import { Value } from 'typebox/value';

const Plugins = Type.Object({
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      state: Type.String(),
      reason: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

/**
 * The OpenAPI document of an appliance once each of its plugins is switched on. Throws when one is not active then,
 * since the document would lack its routes.
 */
export async function fullDocument(appliance: Pick<Appliance, 'url' | 'rooms'>): Promise<unknown> {
  const authorization = `Bearer ${await appliance.rooms.auth.issueLocalToken('admin')}`;
  const ask = async (method: string, path: string): Promise<unknown> => {
    const answer = await fetch(`${appliance.url}${path}`, { method, headers: { authorization } });
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${await answer.text()}`);
    return answer.json();
  };
  const list = '/api/v1/system/plugins';
  const { items } = Value.Parse(Plugins, await ask('GET', list));
  for (const { name, state } of items) if (state === 'off') await ask('POST', `${list}/${name}/enable`);
  const switched = Value.Parse(Plugins, await ask('GET', list));
  const missing = switched.items.filter(({ state }) => state !== 'active');
  if (missing.length > 0) {
    throw new Error(
      missing.map(({ name, reason }) => `The plugin ${name} is not active: ${reason}`).join('\n'),
    );
  }
  return ask('GET', '/openapi.json');
}

import { validate } from '@scalar/openapi-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { WebSocket } from 'ws';

interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly description?: string;
  readonly responses: Readonly<Record<string, object>>;
}

let world: TestAppliance;
let document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };
let operations: readonly (readonly [name: string, operation: Operation])[];

beforeAll(async () => {
  world = await createTestAppliance({ configuration: { features: { crm_integration: true } } });
  document = JSON.parse(await (await fetch(`${world.url}/openapi.json`)).text());
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );
});
afterAll(() => world[Symbol.asyncDispose]());

test('the document of core and plugins is valid OpenAPI 3.1', () => {
  expect(operations.length).toBeGreaterThan(60);
  const { valid, errors } = validate(document);
  expect([valid, errors ?? []]).toEqual([true, []]);
});

test('every reference in the document leads somewhere', () => {
  const references = new Set(JSON.stringify(document).match(/(?<="\$ref":")[^"]+/g));
  expect(references.size).toBeGreaterThan(0);
  for (const reference of references) {
    expect(reference.startsWith('#/'), reference).toBe(true);
    const found = reference
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => Reflect.get(Object(at), key), document);
    expect(found, reference).toBeTypeOf('object');
  }
});

test('every operation has a unique name in camelCase, and a tag', () => {
  const names = operations.map(([, { operationId }]) => operationId ?? '');
  for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z0-9]+$/);
  expect(new Set(names).size).toBe(names.length);
  for (const [name, { tags }] of operations) expect(tags, name).toHaveLength(1);
});

test('every operation says who may call it, and which problems it answers with', () => {
  for (const [name, { security, description, responses }] of operations) {
    const isPublic = description?.includes('Open to everyone.') === true;
    expect(security, name).toEqual(isPublic ? [] : [{ token: [] }]);
    expect(Object.keys(responses), name).toEqual(
      expect.arrayContaining(isPublic ? ['default'] : ['401', '403', '429', 'default']),
    );
  }
  const { responses } = document.paths['/api/v1/system/flags/{name}']?.['put'] ?? { responses: {} };
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '400', '413', '415']));
});

test('a flag set by the API is taken back by DELETE, and an unknown one is not found by any method', async () => {
  const path = '/api/v1/system/flags/plugin.crm';
  const set = await world.request('PUT', path, { body: { enabled: true } });
  expect(await set.json()).toMatchObject({ decided_by: 'admin' });
  const withdrawn = await world.request('DELETE', path);
  expect(await withdrawn.json()).toMatchObject({
    decided_by: 'yaml',
    enabled: true,
    sources: { admin: null },
  });
  for (const [method, at, body] of [
    ['GET', '/api/v1/system/flags/plugin.cmr', undefined],
    ['GET', '/api/v1/system/flags/plugin.cmr/explain', undefined],
    ['PUT', '/api/v1/system/flags/plugin.cmr', { enabled: true }],
    ['PUT', '/api/v1/system/flags/plugin.cmr/kill-switch', { pulled: true }],
    ['DELETE', '/api/v1/system/flags/plugin.cmr', undefined],
  ] as const) {
    const answer = await world.request(method, at, body === undefined ? {} : { body });
    expect([answer.status, await answer.json()], `${method} ${at}`).toEqual([
      404,
      expect.objectContaining({
        code: 'FLAG_NOT_FOUND',
        details: { name: 'plugin.cmr', nearest: ['plugin.crm'] },
      }),
    ]);
  }
});

test('the event feed opens with a token as a subprotocol, and not with one whose signature was changed', async () => {
  const token = await world.token('viewer');
  const forged = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
  const open = async (given: string): Promise<unknown> => {
    const url = `${world.url.replace('http', 'ws')}/ws/events`;
    const socket = new WebSocket(url, ['orchestrall.events', `bearer.${given}`]);
    socket.on('error', () => undefined);
    return new Promise((resolve) => {
      socket.once('open', () => {
        resolve(socket.protocol);
        socket.close();
      });
      socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode);
        response.resume();
      });
    });
  };
  expect([await open(token), await open(forged)]).toEqual(['orchestrall.events', 401]);
  const logs = JSON.stringify(world.logs);
  expect([logs.includes(token), logs.includes(forged)]).toEqual([false, false]);
});

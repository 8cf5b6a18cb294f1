import { ApiError, createClient } from '@orchestrall/client';
import type { Client, Send } from '@orchestrall/client';
import { createTestAppliance } from '@orchestrall/core/testing';
import type { TestAppliance } from '@orchestrall/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

let world: TestAppliance;
let api: Client;
beforeAll(async () => {
  world = await createTestAppliance({ configuration: { features: { crm_integration: true } } });
  api = world.client('operator');
});
afterAll(() => world[Symbol.asyncDispose]());

const contacts = '/api/v1/crm/contacts';
const of = (id: string) => ({ params: { path: { id } } });

test('a walk over pages gives every item once, and asks for a page only when it is needed', async () => {
  const made: string[] = [];
  for (const first_name of ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan']) {
    made.push((await api.post(contacts, { body: { first_name, tags: ['walk'] } })).data.id);
  }
  let asked = 0;
  const counting = createClient({
    baseUrl: world.url,
    token: () => world.token('viewer'),
    fetch: async (request) => {
      asked += 1;
      return fetch(request);
    },
  });
  const options = { params: { query: { q: 'a', limit: 2 } } };
  const names: unknown[] = [];
  for await (const { first_name } of counting.pages(contacts, options)) names.push(first_name);
  expect(names).toEqual(['Ada', 'Alan']);
  const met: string[] = [];
  for await (const { id } of counting.pages(contacts, { params: { query: { limit: 2 } } })) {
    met.push(id);
    if (met.length === 3) break;
  }
  expect(met).toEqual(made.slice(0, 3));
  expect(asked).toBe(3);
});

test('update changes what is there now, though others write meanwhile, and gives up after five attempts', async () => {
  const { data, etag } = await api.post(contacts, { body: { first_name: 'Ada' } });
  expect(etag).toBe('"1"');
  const one = of(data.id);
  const adding = (letter: string) =>
    api.update(`${contacts}/{id}`, one, ({ last_name }) => ({ last_name: `${last_name ?? ''}${letter}` }));
  await Promise.all(['a', 'b', 'c'].map(adding));
  const { data: changed } = await api.get(`${contacts}/{id}`, one);
  expect([changed.version, changed.last_name?.split('').toSorted()]).toEqual([4, ['a', 'b', 'c']]);

  const meddled = createClient({
    baseUrl: world.url,
    token: () => world.token('operator'),
    async fetch(request) {
      if (request.method === 'PATCH') await adding('d');
      return fetch(request);
    },
  });
  const late = meddled.update(`${contacts}/{id}`, one, () => ({ first_name: 'Late' }));
  await expect(late).rejects.toMatchObject({ status: 412 });
  expect((await api.get(`${contacts}/{id}`, one)).data).toMatchObject({ version: 9, first_name: 'Ada' });
});

test('a problem is thrown with its code, faults, remedy and request id', async () => {
  const wrong = api.post(contacts, { body: { email: 'no address' } });
  await expect(wrong).rejects.toBeInstanceOf(ApiError);
  await expect(wrong).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    status: 400,
    faults: [{ path: '/email', message: expect.any(String) }],
    remedy: expect.stringMatching(/./),
    requestId: expect.stringMatching(/./),
  });
});

/** Delivers each request, and loses the answer of the first of each method. */
function losing(): Send {
  const lost = new Set<string>();
  return async (request) => {
    const answer = await fetch(request);
    if (lost.has(request.method)) return answer;
    lost.add(request.method);
    await answer.body?.cancel();
    throw new TypeError('fetch failed');
  };
}

test('a request whose answer was lost is sent again where that does no harm', async () => {
  const shaky = createClient({ baseUrl: world.url, token: () => world.token('admin'), fetch: losing() });
  const logger = { params: { path: { logger: 'plugin.crm' } } };
  const { data } = await shaky.put('/api/v1/system/log-levels/{logger}', {
    ...logger,
    body: { level: 'ERROR' },
  });
  expect(data).toEqual({ logger: 'plugin.crm', level: 'ERROR' });
  expect((await shaky.get('/health')).data.status).toBe('healthy');
  const rotated = shaky.post('/api/v1/system/signing-keys/rotate', { body: { overlap_seconds: 600 } });
  await expect(rotated).rejects.toMatchObject({ name: 'ConnectionError', attempts: 1 });
});

test('files go up and come down, as text or as a stream', async () => {
  const imported = await api.post('/api/v1/crm/imports', {
    params: { query: { object: 'contacts' } },
    body: new Blob(['email,tags\nuploaded@example.com,file\n']),
    contentType: 'text/csv',
  });
  expect(imported.status).toBe(202);
  const done = async () =>
    (await api.get('/api/v1/crm/imports/{id}', of(imported.data.id))).data.finished_at !== null;
  await expect.poll(done, { timeout: 60_000, interval: 25 }).toBe(true);
  expect((await api.get(`${contacts}/export`)).data).toContain('uploaded@example.com');
  const answer = await api.open(`${contacts}/export`);
  expect(await answer.text()).toContain('uploaded@example.com');
});

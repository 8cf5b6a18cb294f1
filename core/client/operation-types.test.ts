import { expect, expectTypeOf, test } from 'vitest';
import { createClient } from './client.ts';

test('the compiler knows what each route takes and gives, and refuses everything else', async () => {
  const sent: string[] = [];
  const api = createClient({
    baseUrl: 'http://127.0.0.1',
    fetch: async ({ method, url }) => {
      sent.push(`${method} ${new URL(url).pathname}`);
      return Response.json({ items: [], next_cursor: null });
    },
  });
  const users = '/api/v1/system/users';
  const { data } = await api.get(users, { params: { query: { limit: 1 } } });
  expectTypeOf(data.items).items.toHaveProperty('id').toEqualTypeOf<string>();
  expectTypeOf(data.next_cursor).toEqualTypeOf<string | null>();
  const removed = await api.post('/api/v1/system/plugins/{name}/purge', {
    params: { path: { name: 'crm' } },
    body: { confirm: 'crm' },
  });
  expectTypeOf(removed.data).toEqualTypeOf<undefined>();
  // @ts-expect-error -- no such path
  await api.get('/api/v1/system/nothing');
  // @ts-expect-error -- no such method of the path
  await api.patch(users, { body: {} });
  // @ts-expect-error -- no such parameter
  await api.get(users, { params: { query: { limits: 1 } } });
  // @ts-expect-error -- no such option
  await api.get(users, { parameters: {} });
  // @ts-expect-error -- the body is missing
  await api.post(users);
  // @ts-expect-error -- one field of the body is missing
  await api.post(users, { body: { name: 'ada' } });
  // @ts-expect-error -- the media type of a file is missing
  await api.post('/api/v1/crm/imports', { params: { query: { object: 'contacts' } }, body: '' });
  // @ts-expect-error -- not a list
  const items = api.pages('/health');
  expectTypeOf(items).not.toBeAny();
  expect(sent).toHaveLength(9);
});

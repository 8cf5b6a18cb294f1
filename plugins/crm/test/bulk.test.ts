import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

/** A bulk change once it has ended. */
async function ended(path: string) {
  await expect
    .poll(async () => (await crm.send('GET', path)).body, { timeout: 120_000 })
    .toMatchObject({ finished_at: expect.any(String) });
  return (await crm.send('GET', path)).body;
}

test('contacts of a filter are changed as single ones are, and put back', async () => {
  const people = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      crm.create('contacts', { first_name: `Bulk ${index}`, tags: ['bulk'], phone: `030 ${1000 + index}` }),
    ),
  );
  const change = {
    action: 'update',
    filter: { tags: { has_any: ['bulk'] } },
    patch: { tags: ['changed'], phone: null },
  };
  const preview = await crm.send('POST', '/contacts/bulk', { body: { ...change, preview: true } });
  expect(preview.status, JSON.stringify(preview.body)).toBe(200);
  const started = await crm.send('POST', '/contacts/bulk', { body: change });
  expect(started.status, JSON.stringify(started.body)).toBe(202);
  const done = await ended(`/contacts/bulk/${started.body.id}`);
  expect(done).toMatchObject({ status: 'completed', matched: 12, changed: 12, failed: 0 });
  const [first] = people;
  const events = await crm.events(first.id, 2);
  expect(events[1]).toMatchObject({ type: 'contact.updated', data: { changed: ['phone', 'tags'] } });
  expect((await crm.send('GET', `/contacts/${first.id}`)).body).toMatchObject({ version: 2, phone: null });
  const undo = await crm.send('POST', `/contacts/bulk/${started.body.id}/undo`);
  expect(undo.status, JSON.stringify(undo.body)).toBe(202);
  await expect
    .poll(async () => (await crm.send('GET', `/contacts/${first.id}`)).body, { timeout: 120_000 })
    .toMatchObject({ version: 3, phone: first.phone, tags: ['bulk'] });
});

test('records that are deleted by a filter come back under their ids; what cannot be deleted is told', async () => {
  const free = await crm.create('companies', { name: 'Bulk free', tags: ['gone'] });
  const used = await crm.create('companies', { name: 'Bulk used', tags: ['gone'] });
  await crm.create('contacts', { first_name: 'Holder', company_id: used.id });
  const change = { action: 'delete', filter: { tags: { has_any: ['gone'] } } };
  const started = await crm.send('POST', '/companies/bulk', { body: change });
  const done = await ended(`/companies/bulk/${started.body.id}`);
  expect(done).toMatchObject({ matched: 2, changed: 1, failed: 1 });
  const { body: items } = await crm.send('GET', `/companies/bulk/${started.body.id}/items`);
  expect(JSON.stringify(items)).toContain(used.id);
  expect((await crm.send('GET', `/companies/${free.id}`)).status).toBe(404);
  await crm.send('POST', `/companies/bulk/${started.body.id}/undo`);
  await expect
    .poll(async () => (await crm.send('GET', `/companies/${free.id}`)).body, { timeout: 120_000 })
    .toMatchObject({ id: free.id, name: 'Bulk free', version: 2 });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const company = async (body: object) => (await crm.send('POST', '/companies', { body })).body;
const contact = async (body: object) => (await crm.send('POST', '/contacts', { body })).body;

test('a company is created, read, changed and found', async () => {
  const created = await company({
    name: 'Société Générale',
    domain: 'SocGen.Example',
    website: 'https://socgen.example',
  });
  expect(created).toMatchObject({ domain: 'socgen.example', version: 1 });
  const patched = await crm.send('PATCH', `/companies/${created.id}`, {
    body: { phone: '01 234', website: null },
    headers: { 'if-match': '"1"' },
  });
  expect(patched.body).toMatchObject({ phone: '01 234', website: null, version: 2 });
  for (const q of ['societe', 'GENERALE', 'socgen.ex', '0123']) {
    const { body } = await crm.send('GET', `/companies?q=${q}`);
    expect(body.items, q).toEqual([patched.body]);
  }
  const events = await crm.events(created.id, 2);
  expect(events.map(({ type }) => type)).toEqual(['company.created', 'company.updated']);
});

test('a domain belongs to one company, which the refusal names', async () => {
  const holder = await company({ name: 'One', domain: 'one.example' });
  const { status, body } = await crm.send('POST', '/companies', {
    body: { name: 'Two', domain: 'ONE.example' },
  });
  expect(status).toBe(409);
  expect(body).toMatchObject({ code: 'DOMAIN_TAKEN', detail: expect.stringContaining(holder.id) });
  const other = await company({ name: 'Two' });
  const patched = await crm.send('PATCH', `/companies/${other.id}`, { body: { domain: 'one.example' } });
  expect(patched.body.code).toBe('DOMAIN_TAKEN');
});

test('a company keeps a name', async () => {
  expect((await crm.send('POST', '/companies', { body: { domain: 'a.example' } })).body.faults).toEqual([
    { path: '/name', message: 'is required' },
  ]);
  const { id } = await company({ name: 'Named' });
  const { status, body } = await crm.send('PATCH', `/companies/${id}`, { body: { name: null } });
  expect(status).toBe(400);
  expect(body.faults).toContainEqual({ path: '/name', message: expect.any(String) });
});

test('a company with contacts is deleted only with unlink, which tells each contact', async () => {
  const { id } = await company({ name: 'Leaving' });
  const linked = await Promise.all(
    ['a', 'b', 'c'].map((name) => contact({ first_name: name, company_id: id })),
  );
  const refused = await crm.send('DELETE', `/companies/${id}`);
  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({
    code: 'COMPANY_IN_USE',
    detail: expect.stringMatching(/^3 contacts/),
  });
  expect((await crm.send('DELETE', `/companies/${id}?unlink=true`)).status).toBe(204);
  for (const before of linked) {
    const { body } = await crm.send('GET', `/contacts/${before.id}`);
    expect(body).toMatchObject({ company_id: null, version: 2 });
    const [, updated] = await crm.events(before.id, 2);
    expect(updated).toMatchObject({ type: 'contact.updated', data: { changed: ['company_id'] } });
  }
  expect((await crm.send('GET', `/companies/${id}`)).body.code).toBe('COMPANY_NOT_FOUND');
});

test('a company is taken away while its contacts are being changed: each request has its answer', async () => {
  for (let round = 0; round < 10; round += 1) {
    const [from, to] = [await company({ name: 'From' }), await company({ name: 'To' })];
    const linked = await Promise.all(
      ['a', 'b', 'c'].map((name) => contact({ first_name: name, company_id: from.id })),
    );
    const answers = await Promise.all([
      ...linked.map(({ id }) => crm.send('PATCH', `/contacts/${id}`, { body: { company_id: to.id } })),
      crm.send('DELETE', `/companies/${from.id}?unlink=true`),
      ...linked.map(({ id }) => crm.send('PATCH', `/contacts/${id}`, { body: { company_id: from.id } })),
    ]);
    expect(answers.filter(({ status }) => ![200, 204, 400].includes(status))).toEqual([]);
  }
});

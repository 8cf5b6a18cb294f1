import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CrmService } from '../contract.ts';
import { received } from './fixtures/greeter/received.ts';
import { eventually, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({}, true);
});
afterAll(() => crm[Symbol.asyncDispose]());

const by = { id: 'test', name: 'Test' };

function lent(): CrmService {
  if (received.crm === undefined) throw new Error('the greeter has no CRM');
  return received.crm;
}

async function stateOf(plugin: string): Promise<unknown> {
  const response = await crm.appliance.request('GET', '/api/v1/system/plugins');
  const { items } = JSON.parse(await response.text());
  return items.find(({ name }: { name: string }) => name === plugin);
}

test('a second plugin hears of new contacts and writes to them through the contract alone', async () => {
  const { id } = await crm.create('contacts', { first_name: 'Ada' });
  const notes = await eventually(async () => {
    const { body } = await crm.send('GET', `/contacts/${id}/timeline`);
    return body.items.length > 1 ? body.items : undefined;
  });
  expect(notes[0]).toMatchObject({ kind: 'note', text: 'Welcome, Ada', actor: { name: 'Greeter' } });
});

test('the contract finds, creates and changes, and refuses as the routes do', async () => {
  const service = lent();
  const company = await service.createCompany({ name: 'Acme' }, by);
  const contact = await service.createContact({ email: 'c@contract.example', company_id: company.id }, by);
  expect(await service.findContactByEmail('C@Contract.example')).toEqual(contact);
  const changed = await service.updateContact(contact.id, { company_id: null }, by);
  expect(await service.findContact(contact.id)).toEqual(changed);
  expect(await service.findCompany(company.id)).toEqual(company);
  expect((await service.listCompanies({ filters: { q: 'acme' } })).items).toEqual([company]);
  expect((await service.listContacts({ filters: { q: 'c@contract.example' } })).items).toEqual([changed]);
  expect(await service.findContact('not an id')).toBeUndefined();
  await expect(service.updateContact('not an id', {}, by)).rejects.toMatchObject({
    code: 'CONTACT_NOT_FOUND',
  });
  await expect(service.createContact({}, by)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  await expect(service.createContact({ email: 'C@contract.example' }, by)).rejects.toMatchObject({
    code: 'EMAIL_TAKEN',
    details: { id: contact.id },
  });
});

test('the contract holds its callers to the bounds of the routes', async () => {
  const service = lent();
  for (const limit of [0, -1, 201, 1e9, 1.5, Number.NaN]) {
    await expect(service.listContacts({ limit }), String(limit)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { faults: [{ path: '/limit' }] },
    });
  }
  await expect(service.listCompanies({ cursor: 'made-up' })).rejects.toMatchObject({
    code: 'CURSOR_INVALID',
  });
  expect(await service.findContactByEmail('nobody\u0000@contract.example')).toBeUndefined();
  const filters = { q: '\u0000', tag: '\u0000', company_id: '\u0000' };
  expect((await service.listContacts({ filters })).items).toEqual([]);
  await expect(service.addContactNote('none', 'x', by)).rejects.toMatchObject({ code: 'CONTACT_NOT_FOUND' });
});

test('a consumer goes off with CRM and comes back with it', async () => {
  const switched = async (act: string): Promise<number> =>
    (await crm.appliance.request('POST', `/api/v1/system/plugins/crm/${act}`)).status;
  expect(await switched('disable')).toBe(200);
  expect(received.crm).toBeUndefined();
  expect((await crm.send('GET', '/contacts')).body.code).toBe('PLUGIN_DISABLED');
  expect(await switched('enable')).toBe(200);
  await expect.poll(() => stateOf('greeter')).toMatchObject({ state: 'active' });
  expect((await lent().listCompanies({})).items).toHaveLength(1);
});

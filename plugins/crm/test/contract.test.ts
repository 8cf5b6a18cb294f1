import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSource } from '../../../core/host/packages/source.ts';
import { welcomeContacts } from './fixtures/greeter/welcome.ts';
import { eventually, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const by = { id: 'test', name: 'Test' };

test('a second plugin hears of new contacts and writes to them through the contract alone', async () => {
  const config = { greeting: 'Welcome' };
  await crm.consume('greeter', (bus) => welcomeContacts({ bus, services: { crm: crm.service }, config }));
  const { id } = await crm.service.createContact({ first_name: 'Ada' }, by);
  const notes = await eventually(async () => {
    const { body } = await crm.send('GET', `/contacts/${id}/timeline`);
    return body.items.length > 1 ? body.items : undefined;
  });
  expect(notes[0]).toMatchObject({ kind: 'note', text: 'Welcome, Ada', actor: { name: 'Greeter' } });
});

test('the greeter is a plugin that the host can load, and names what it needs', async () => {
  const folder = fileURLToPath(new URL('fixtures/greeter', import.meta.url));
  const { manifest } = await loadSource(folder);
  expect(manifest.needs).toMatchObject([{ name: 'crm', contract: 'crm', range: '^1.0.0', required: true }]);
});

test('the contract finds, creates and changes, and refuses as the routes do', async () => {
  const company = await crm.service.createCompany({ name: 'Acme' }, by);
  const contact = await crm.service.createContact(
    { email: 'c@contract.example', company_id: company.id },
    by,
  );
  expect(await crm.service.findContactByEmail('C@Contract.example')).toEqual(contact);
  const changed = await crm.service.updateContact(contact.id, { company_id: null }, by);
  expect(await crm.service.findContact(contact.id)).toEqual(changed);
  expect(await crm.service.findCompany(company.id)).toEqual(company);
  expect((await crm.service.listCompanies({ q: 'acme' })).items).toEqual([company]);
  expect(await crm.service.findContact('not an id')).toBeUndefined();
  await expect(crm.service.updateContact('not an id', {}, by)).rejects.toMatchObject({
    code: 'CONTACT_NOT_FOUND',
  });
  await expect(crm.service.createContact({}, by)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  await expect(crm.service.createContact({ email: 'C@contract.example' }, by)).rejects.toMatchObject({
    code: 'EMAIL_TAKEN',
    details: { id: contact.id },
  });
});

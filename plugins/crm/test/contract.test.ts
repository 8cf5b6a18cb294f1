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
  expect(notes[0]).toMatchObject({
    kind: 'activity',
    activity: { type: 'note', body: 'Welcome, Ada', records: [{ kind: 'contact', id }] },
    actor: { name: 'Greeter' },
  });
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

test('a plugin shows itself in the timeline of a record once for each key, and takes away only its own', async () => {
  const service = lent();
  const { id } = await service.createCompany({ name: 'Shown' }, by);
  const entry = {
    subject: { kind: 'company' as const, id: id.toUpperCase() },
    kind: 'invoice_sent',
    title: 'Invoice 5',
    link: '/invoices/5',
    occurred_at: '2020-01-01T10:00:00+02:00',
    key: 'invoice-5',
  };
  const added = await Promise.all([1, 2, 3].map(() => service.addTimelineEntry(entry, by)));
  expect(new Set(added.map((one) => one.id)).size).toBe(1);
  const timeline = async () => (await crm.send('GET', `/companies/${id}/timeline`)).body.items;
  expect(await timeline()).toEqual([
    expect.objectContaining({ kind: 'created' }),
    {
      id: added[0]?.id,
      kind: 'invoice_sent',
      title: 'Invoice 5',
      text: null,
      link: '/invoices/5',
      source: 'test',
      changes: null,
      activity: null,
      actor: { id: 'test', name: 'Test' },
      occurred_at: '2020-01-01T08:00:00.000Z',
    },
  ]);
  const other = { id: 'other', name: 'Other' };
  const named = { subject: entry.subject, key: entry.key };
  await expect(service.removeTimelineEntry(named, other)).rejects.toMatchObject({
    code: 'TIMELINE_ENTRY_NOT_FOUND',
  });
  expect(await timeline()).toHaveLength(2);
  await service.removeTimelineEntry(named, by);
  expect(await timeline()).toHaveLength(1);
  const events = await crm.events(id, 3);
  expect(events.slice(1)).toMatchObject([
    {
      type: 'timeline_entry.added',
      data: { subject: { kind: 'company', id }, entry: { title: 'Invoice 5' } },
    },
    { type: 'timeline_entry.removed', data: { entry: { id: added[0]?.id } } },
  ]);
});

test('what a plugin cannot show is refused with every fault', async () => {
  const service = lent();
  const { id } = await service.createCompany({ name: 'Strict' }, by);
  const subject = { kind: 'company' as const, id };
  const faulty = {
    subject,
    kind: 'created',
    title: ' ',
    link: 'javascript:alert(1)',
    occurred_at: 'today',
    key: '',
  };
  await expect(service.addTimelineEntry(faulty, by)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    details: {
      faults: ['/kind', '/title', '/link', '/occurred_at', '/key'].map((path) => ({ path })),
    },
  });
  const sound = { kind: 'seen', title: 'Seen', key: 'k' };
  for (const link of ['//evil.example', '/\\evil.example', 'mailto:a@b.example'])
    await expect(service.addTimelineEntry({ ...sound, subject, link }, by), link).rejects.toThrow();
  const nobody = { kind: 'company' as const, id: '01890a5d-ac96-774b-bcce-b302099a8057' };
  await expect(service.addTimelineEntry({ ...sound, subject: nobody }, by)).rejects.toMatchObject({
    code: 'COMPANY_NOT_FOUND',
  });
});

test('activities are made, changed and found through the contract', async () => {
  const service = lent();
  const contact = await service.createContact({ first_name: 'Called' }, by);
  const records = [{ kind: 'contact' as const, id: contact.id, role: 'callee' }];
  const call = await service.createActivity({ type: 'call', subject: 'First call', records }, by);
  const changed = await service.updateActivity(call.id, { outcome: 'no answer' }, by);
  expect(changed).toMatchObject({ type: 'call', outcome: 'no answer', author_name: 'Test', version: 2 });
  expect(await service.findActivity(call.id)).toEqual(changed);
  const { items } = await service.listActivities({ filters: { record_id: contact.id, q: 'first call' } });
  expect(items).toEqual([changed]);
});

test('a consumer goes off with CRM and comes back with it', async () => {
  const switched = async (act: string): Promise<number> =>
    (await crm.appliance.request('POST', `/api/v1/system/plugins/crm/${act}`)).status;
  expect(await switched('disable')).toBe(200);
  expect(received.crm).toBeUndefined();
  expect((await crm.send('GET', '/contacts')).body.code).toBe('PLUGIN_DISABLED');
  expect(await switched('enable')).toBe(200);
  await expect.poll(() => stateOf('greeter')).toMatchObject({ state: 'active' });
  expect((await lent().listCompanies({})).items).not.toEqual([]);
});

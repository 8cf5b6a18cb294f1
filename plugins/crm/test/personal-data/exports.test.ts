import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetCopiesJob } from '../../personal-data/retention/run.ts';
import { eventually, startCrm } from '../support.ts';
import type { CrmAppliance } from '../support.ts';

const own = () => ({ contacts: { records: 'own' as const, hidden: ['phone'], read_only: [] } });

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ access: { operator: own(), viewer: own() } });
});
afterAll(() => crm[Symbol.asyncDispose]());

const admin = async (method: string, path: string, body?: object) =>
  crm.send(method, path, { role: 'admin', body });

async function exported(id: string) {
  const { body } = await admin('POST', `/contacts/${id}/personal-data-export`);
  await eventually(async () => {
    const { status } = (await admin('GET', `/personal-data-exports/${body.id}`)).body;
    return status === 'completed' ? true : undefined;
  });
  const {
    status,
    headers,
    body: document,
  } = await admin('GET', `/personal-data-exports/${body.id}/document`);
  expect(status).toBe(200);
  expect(headers.get('content-disposition')).toBe('attachment; filename="personal-data.json"');
  return { id: body.id, document };
}

test('an export holds all that is held about a person, whoever may see it, and says who asked and who read', async () => {
  const ada = (
    await admin('POST', '/contacts', {
      first_name: 'Ada',
      email: 'ada@export.example',
      phone: '+49 30 123456',
    })
  ).body;
  await admin('PATCH', `/contacts/${ada.id}`, { last_name: 'King' });
  const firm = (await admin('POST', '/companies', { name: 'Analytical Engines' })).body;
  await admin('PUT', `/contacts/${ada.id}/associations/company/${firm.id}`, { role: 'founder' });
  const deal = (await admin('POST', '/deals', { name: 'Engine' })).body;
  await admin('PUT', `/deals/${deal.id}/associations/contact/${ada.id}`, { role: 'decides' });
  await admin('POST', '/activities', {
    type: 'note',
    body: 'likes tea',
    records: [{ kind: 'contact', id: ada.id }],
  });
  const other = (await admin('POST', '/contacts', { first_name: 'Bob', email: 'bob@export.example' })).body;
  await admin('POST', '/activities', {
    type: 'note',
    body: 'met Ada King',
    records: [{ kind: 'contact', id: other.id }],
  });

  const { id, document } = await exported(ada.id);
  expect(document).toMatchObject({
    format: 'orchestrall-personal-data/1',
    contact_ids: [ada.id],
    contacts: [{ first_name: 'Ada', last_name: 'King', phone: '+49 30 123456' }],
    related: {
      activities: [{ body: 'likes tea' }],
      deals: [{ name: 'Engine' }],
      companies: [{ id: firm.id, name: 'Analytical Engines' }],
    },
    places: {
      associations: expect.arrayContaining([expect.objectContaining({ role: 'founder' })]),
      activities: expect.arrayContaining([expect.objectContaining({ body: 'met Ada King' })]),
    },
  });
  const told = document.history.map(({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`);
  expect(told).toEqual(
    expect.arrayContaining(['event contact.created', 'event contact.updated', 'audit_entry contact.updated']),
  );
  const acts = (await crm.audited(id)).map((entry) => ('action' in entry ? entry.action : ''));
  expect(acts).toEqual(['personal_data_export.read', 'personal_data_export.requested']);
});

test('an export is for administrators alone, and gone after its time', async () => {
  const { id } = (await admin('POST', '/contacts', { email: 'gone@export.example' })).body;
  expect((await crm.send('POST', `/contacts/${id}/personal-data-export`)).status).toBe(403);
  const copy = await exported(id);
  expect((await crm.send('GET', `/personal-data-exports/${copy.id}/document`)).status).toBe(403);
  await crm.database.query(`update personal_data_exports set expires_at = now() where id = $1`, [copy.id]);
  expect((await admin('GET', `/personal-data-exports/${copy.id}/document`)).body.code).toBe(
    'PERSONAL_DATA_EXPORT_NOT_FOUND',
  );
  await crm.database.transaction(async (tx) => tx.enqueue(forgetCopiesJob, {}));
  await eventually(async () => {
    const left = await crm.database.query('select 1 from personal_data_pieces where export_id = $1', [
      copy.id,
    ]);
    return left.length === 0 ? true : undefined;
  });
});

test('a person is found by e-mail in any case and by the digits of a phone', async () => {
  const { id } = (
    await admin('POST', '/contacts', { email: 'Find@export.example', phone: '+49 (89) 555-777' })
  ).body;
  for (const query of ['email=FIND@export.example', 'phone=089%20555777', 'phone=%2B4989555777']) {
    const { body } = await admin('GET', `/personal-data?${query}`);
    expect(body.items, query).toMatchObject([{ id, merged_ids: [] }]);
  }
  expect((await admin('GET', '/personal-data?email=nobody@export.example')).body.items).toEqual([]);
});

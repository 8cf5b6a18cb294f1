import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({
    import_batch_rows: 3,
    access: {
      viewer: { contacts: { records: 'own', hidden: [], read_only: [] } },
      operator: { contacts: { records: 'own', hidden: [], read_only: [] } },
    },
  });
});
afterAll(() => crm[Symbol.asyncDispose]());

interface Imported {
  readonly ended: Answer['body'];
  readonly errors: string;
}

async function importFile(lines: readonly string[], query = '', role?: 'admin'): Promise<Imported> {
  const as = role === undefined ? {} : { role };
  const body = lines.join('\n');
  const started = await crm.send('POST', `/imports?object=activities${query}`, { body, ...as });
  expect(started.status, JSON.stringify(started.body)).toBe(202);
  const ended = await crm.importEnded(started.body.id);
  return { ended, errors: (await crm.send('GET', `/imports/${ended.id}/errors`, as)).body };
}

const activity = async (subject: string): Promise<Answer['body']> => {
  const { body } = await crm.send('GET', '/activities?limit=200', { role: 'admin' });
  return body.items.find((item: Answer['body']) => item.subject === subject);
};

const idOf = async (path: string): Promise<string> => {
  const { body } = await crm.send('GET', path, { role: 'admin' });
  return body.items[0].id;
};

test('a file of activities names the records that they are about: by e-mail, domain and external id', async () => {
  const contact = { first_name: 'Ada', email: 'ada@about.example' };
  const { body: ada } = await crm.send('POST', '/contacts', { body: contact, role: 'admin' });
  const company = await crm.create('companies', { name: 'About', domain: 'about.example' });
  const deal = await crm.create('deals', { name: 'Engine', external_id: 'engine-1' });
  const { ended } = await importFile(
    [
      'type,subject,starts_at,contact,company,deal',
      'call,All three,2026-03-01T10:00:00Z,ADA@about.example,About.example,engine-1',
      'note,Nobody,,,,',
      'meeting,The deal,2026-03-02T10:00:00Z,,,engine-1',
      'call,Not there,2026-03-03T10:00:00Z,eve@about.example,,',
    ],
    '&missing_references=leave_empty',
    'admin',
  );
  expect(ended).toMatchObject({ status: 'completed', rows_created: 3, rows_failed: 1, ignored_columns: [] });
  const about = [
    { kind: 'contact', id: ada.id, role: null },
    { kind: 'company', id: company.id, role: null },
    { kind: 'deal', id: deal.id, role: null },
  ];
  expect(await activity('All three')).toMatchObject({ records: about });
  expect(await activity('Not there')).toMatchObject({ records: [] });
  expect(await activity('The deal')).toMatchObject({ records: [about[2]] });
  const { body: timeline } = await crm.send('GET', `/deals/${deal.id}/timeline`, { role: 'admin' });
  const told = timeline.items.filter((item: Answer['body']) => item.kind === 'activity');
  expect(told.map((item: Answer['body']) => item.activity.subject)).toEqual(['The deal', 'All three']);
});

test('records that are not there are made, or their rows refused', async () => {
  const lines = ['type,subject,contact.email,company.name', 'call,Made,new@about.example,Brand New'];
  const { errors } = await importFile(lines, '&missing_references=fail', 'admin');
  expect(errors).toContain('no contact has the email ""new@about.example""');
  expect((await importFile(lines, '', 'admin')).ended).toMatchObject({ rows_created: 1 });
  const contact = await idOf('/contacts?q=new@about.example');
  const company = await idOf('/companies?q=Brand');
  expect(await activity('Made')).toMatchObject({ records: [{ id: contact }, { id: company }] });
});

test('an activity is about no record that its importer does not see', async () => {
  const hidden = { first_name: 'Hidden', email: 'hidden@about.example' };
  await crm.send('POST', '/contacts', { body: hidden, role: 'admin' });
  const { ended, errors } = await importFile(
    ['type,subject,contact', 'call,Unseen,hidden@about.example'],
    '&missing_references=fail',
  );
  expect(ended).toMatchObject({ rows_created: 0, rows_failed: 1 });
  expect(errors).toContain('no contact has the email ""hidden@about.example""');
});

test('columns of Salesforce name the contact and the company of a task', async () => {
  const company = await crm.create('companies', { name: 'Force' });
  const { ended } = await importFile(
    [
      'Subject,Type,ActivityDate,Status,Who.Email,Account.Name',
      'Ask again,task,2026-05-01T09:00:00Z,open,sf@about.example,Force',
    ],
    '',
    'admin',
  );
  expect(ended).toMatchObject({ status: 'completed', source: 'salesforce', rows_created: 1 });
  const contact = await idOf('/contacts?q=sf@about.example');
  const { records } = await activity('Ask again');
  expect(records).toMatchObject([
    { kind: 'contact', id: contact },
    { kind: 'company', id: company.id },
  ]);
});

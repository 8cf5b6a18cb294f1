import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

/** Written out anew, since the YAML of a test takes no value twice. */
const rule = (records: 'own' | 'all', hidden: string[], readOnly: string[]) => ({
  records,
  hidden,
  read_only: readOnly,
});

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({
    access: {
      viewer: { contacts: rule('own', [], []), companies: rule('own', ['website'], []) },
      operator: {
        contacts: rule('own', [], ['phone']),
        companies: rule('own', ['website'], []),
      },
    },
  });
});
afterAll(() => crm[Symbol.asyncDispose]());

async function importFile(body: string, query: string) {
  const { status, body: started } = await crm.send('POST', `/imports?${query}`, { body });
  expect(status, JSON.stringify(started)).toBe(202);
  const ended = await crm.importEnded(started.id);
  return { ...ended, errors: (await crm.send('GET', `/imports/${started.id}/errors`)).body };
}

test('an import changes no record that its sender does not see, and tells nothing of it', async () => {
  const body = { first_name: 'Hidden', email: 'hidden@access.example' };
  const { body: contact } = await crm.send('POST', '/contacts', { body, role: 'admin' });
  const ended = await importFile('email,first_name\nHIDDEN@access.example,Changed\n', 'object=contacts');
  expect(ended).toMatchObject({ rows_created: 0, rows_updated: 0, rows_failed: 1 });
  expect(ended.errors).toContain('another contact, which you may not see');
  expect(ended.errors).not.toContain(contact.id);
  const { body: kept } = await crm.send('GET', `/contacts/${contact.id}`, { role: 'admin' });
  expect(kept).toMatchObject({ first_name: 'Hidden', version: 1 });
});

test('a row refers to no record that its sender does not see, by id or by name', async () => {
  const named = { name: 'Unseen Company' };
  const { body: company } = await crm.send('POST', '/companies', { body: named, role: 'admin' });
  const byId = await importFile(`email,company_id\na@refer.example,${company.id}\n`, 'object=contacts');
  expect(byId).toMatchObject({ rows_created: 0, rows_failed: 1 });
  expect(byId.errors).toContain(`no company has the id ${company.id}`);
  const query = 'object=contacts&missing_references=fail';
  const byName = await importFile('email,company_id.name\nb@refer.example,unseen company\n', query);
  expect(byName.errors).toContain('no company has the name');
});

test('fields that its sender may not write are no columns', async () => {
  const contacts = await importFile('email,Phone\np@fields.example,12345\n', 'object=contacts');
  expect(contacts).toMatchObject({ rows_created: 1, ignored_columns: ['Phone'] });
  const mapping = encodeURIComponent(JSON.stringify({ Site: 'website' }));
  const refused = await crm.send('POST', `/imports?object=companies&mapping=${mapping}`, { body: 'name\n' });
  expect(refused.body.faults).toMatchObject([{ path: '/querystring/mapping/Site' }]);
  const file = await crm.send('GET', '/companies/export');
  expect(file.body).not.toContain('website');
});

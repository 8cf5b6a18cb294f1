import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

const rule = (records: 'own' | 'all', hidden: string[]) => ({ records, hidden, read_only: ['owner_id'] });

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({
    default_region: 'DE',
    access: {
      viewer: { contacts: rule('all', ['phone', 'email']), companies: rule('own', []) },
      operator: { contacts: rule('all', ['phone']), companies: rule('own', []) },
    },
  });
});
afterAll(() => crm[Symbol.asyncDispose]());

const contact = async (body: object) => (await crm.send('POST', '/contacts', { body, role: 'admin' })).body;
const seenBy = async (role: 'admin' | 'operator' | 'viewer', id: string): Promise<Answer['body'][]> =>
  (await crm.send('GET', `/contacts/${id}/duplicates`, { role })).body.items;

test('what a hidden field has to do with a pair is not told, in its reasons, its score or its place', async () => {
  const one = await contact({ first_name: 'Ada', last_name: 'Lovelace', phone: '030 901820' });
  await contact({ first_name: 'Ada', last_name: 'Lovelace', phone: '030 901820' });
  expect(await seenBy('admin', one.id)).toMatchObject([{ score: 100 }]);
  const [seen] = await seenBy('operator', one.id);
  expect(seen).toMatchObject({ score: 50, reasons: [{ reason: 'same_name', weight: 50 }] });
  expect(seen.contact).not.toHaveProperty('phone');
  const filter = encodeURIComponent('{"score":{"gte":51}}');
  const better = await crm.send('GET', `/duplicates?filter=${filter}&count=true`);
  expect(better.body).toMatchObject({ items: [], count: { value: 0 } });
});

test('a pair that only a hidden field makes is not told, and cannot be dismissed', async () => {
  const one = await contact({ first_name: 'Grace', phone: '030 7770001' });
  const other = await contact({ email: 'nobody@hidden.example', phone: '030 7770001' });
  const [pair] = await seenBy('admin', one.id);
  expect(pair.contact.id).toBe(other.id);
  expect(await seenBy('operator', one.id)).toEqual([]);
  expect((await crm.send('POST', `/duplicates/${pair.id}/dismiss`)).body.code).toBe('DUPLICATE_NOT_FOUND');
  const { items } = await crm.appliance.appliance.rooms.bus.history.query({ subject: pair.id }, ['operator']);
  expect(items).toEqual([]);
});

test('a pair of which one record is not visible is not told, and a merge with it finds nothing', async () => {
  const company = async (body: object) =>
    (await crm.send('POST', '/companies', { body, role: 'admin' })).body;
  const [, claims = ''] = (await crm.appliance.token('operator')).split('.');
  const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  const own = await company({ name: 'Visible GmbH', owner_id: sub });
  const unseen = await company({ name: 'Visible AG' });
  const all = await crm.send('GET', `/companies/${own.id}/duplicates`, { role: 'admin' });
  expect(all.body.items).toHaveLength(1);
  const seen = await crm.send('GET', `/companies/${own.id}/duplicates`);
  expect(seen.status).toBe(200);
  expect(seen.body.items).toEqual([]);
  expect(
    (await crm.send('GET', '/duplicates')).body.items.filter(
      ({ kind }: Answer['body']) => kind === 'company',
    ),
  ).toEqual([]);
  const merged = await crm.send('POST', `/companies/${own.id}/merge`, {
    body: { other_id: unseen.id, other_if_match: '*' },
    headers: { 'if-match': '*' },
  });
  expect(merged).toMatchObject({ status: 404, body: { code: 'COMPANY_NOT_FOUND' } });
});

test('a merge prefers no field that its caller may not see or write, and shows none', async () => {
  const kept = await contact({ first_name: 'Kept' });
  const other = await contact({ first_name: 'Other', phone: '030 5554444' });
  const asked = (prefer: object) =>
    crm.send('POST', `/contacts/${kept.id}/merge`, {
      body: { other_id: other.id, other_if_match: '*', prefer },
      headers: { 'if-match': '*' },
    });
  expect((await asked({ phone: 'other' })).body.faults).toMatchObject([{ path: '/prefer/phone' }]);
  expect((await asked({ owner_id: 'other' })).body.faults).toEqual([
    { path: '/prefer/owner_id', message: 'may not be written by your role' },
  ]);
  const { body } = await asked({ first_name: 'other' });
  expect(body.contact).toMatchObject({ first_name: 'Other' });
  expect(JSON.stringify(body)).not.toContain('5554444');
  expect((await crm.send('GET', `/contacts/${kept.id}`, { role: 'admin' })).body.phone).toBe('030 5554444');
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { callerName, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const create = async (kind: 'contacts' | 'companies', body: object) =>
  (await crm.send('POST', `/${kind}`, { body })).body;

test('tags are counted over contacts and companies, page by page', async () => {
  await create('contacts', { first_name: 'A', tags: ['alpha', 'beta'] });
  await create('contacts', { first_name: 'B', tags: ['beta', 'Ümlaut'] });
  await create('companies', { name: 'C', tags: ['beta'] });
  const first = await crm.send('GET', '/tags?limit=2');
  expect(first.body.items).toEqual([
    { name: 'alpha', contacts: 1, companies: 0, deals: 0 },
    { name: 'beta', contacts: 2, companies: 1, deals: 0 },
  ]);
  const second = await crm.send('GET', `/tags?limit=2&cursor=${first.body.next_cursor}`);
  expect(second.body).toEqual({
    items: [{ name: 'ümlaut', contacts: 1, companies: 0, deals: 0 }],
    next_cursor: null,
  });
});

test('renaming a tag changes every record that carries it, merges, and tells each', async () => {
  const both = await create('contacts', { first_name: 'Both', tags: ['old name', 'new'] });
  const firm = await create('companies', { name: 'Firm', tags: ['old name'] });
  const { status, body } = await crm.send('PATCH', '/tags/Old%20Name', { body: { name: ' NEW ' } });
  expect(status).toBe(200);
  expect(body).toEqual({ name: 'new', contacts: 1, companies: 1, deals: 0 });
  expect((await crm.send('GET', `/contacts/${both.id}`)).body).toMatchObject({ tags: ['new'], version: 2 });
  expect((await crm.send('GET', `/companies/${firm.id}`)).body).toMatchObject({ tags: ['new'], version: 2 });
  const [renamed] = await crm.events('old name', 1);
  expect(renamed).toMatchObject({ type: 'tag.renamed', data: { from: 'old name', to: 'new' } });
  expect((await crm.events(both.id, 2))[1]).toMatchObject({
    type: 'contact.updated',
    data: { changed: ['tags'] },
  });
  expect((await crm.send('PATCH', '/tags/old%20name', { body: { name: 'x' } })).body.code).toBe(
    'TAG_NOT_FOUND',
  );
  expect((await crm.send('PATCH', '/tags/new', { body: { name: 'a;b' } })).status).toBe(400);
});

test.each(['contacts', 'companies'] as const)(
  '%s have a timeline of changes and notes, newest first',
  async (kind) => {
    const record = await create(kind, kind === 'contacts' ? { first_name: 'T' } : { name: 'T' });
    const path = `/${kind}/${record.id}`;
    for (const phone of ['111', '222', '333']) await crm.send('PATCH', path, { body: { phone } });
    const { status, body: note } = await crm.send('POST', `${path}/notes`, {
      body: { text: ' Called.\nAgreed. ' },
    });
    expect(status).toBe(201);
    expect(note).toMatchObject({ kind: 'note', text: 'Called.\nAgreed.', actor: { name: callerName } });
    const pages: { kind: string; changes: { phone: { to: string } } | null }[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await crm.send('GET', `${path}/timeline?limit=2${next}`, { role: 'viewer' });
      pages.push(...body.items);
      cursor = body.next_cursor;
    }
    expect(pages.map((entry) => entry.changes?.phone.to ?? entry.kind)).toEqual([
      'note',
      '333',
      '222',
      '111',
      'created',
    ]);
    expect((await crm.send('DELETE', `${path}/notes/${note.id}`)).status).toBe(204);
    expect((await crm.send('DELETE', `${path}/notes/${note.id}`)).body.code).toBe('NOTE_NOT_FOUND');
    const events = await crm.events(record.id, 6);
    expect(events.slice(-2)).toMatchObject([
      { type: 'note.added', data: { note_id: note.id } },
      { type: 'note.deleted', data: { note_id: note.id } },
    ]);
  },
);

test('a note needs a text and a record', async () => {
  const { id } = await create('contacts', { first_name: 'N' });
  expect((await crm.send('POST', `/contacts/${id}/notes`, { body: { text: '  ' } })).body.faults).toEqual([
    { path: '/text', message: 'must not be empty; send null to clear it' },
  ]);
  const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
  const answer = await crm.send('POST', `/companies/${nobody}/notes`, { body: { text: 'x' } });
  expect(answer.body.code).toBe('COMPANY_NOT_FOUND');
});

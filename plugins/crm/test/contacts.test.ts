import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callerName, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

async function create(body: object, role: 'operator' | 'viewer' = 'operator') {
  return crm.send('POST', '/contacts', { role, body });
}

describe('POST /contacts', () => {
  test('creates a contact in its kept form, with Location and ETag', async () => {
    const { status, headers, body } = await create({
      first_name: '  Ada ',
      last_name: 'Lovelace',
      email: 'Ada@Example.com',
      phone: '+44 (0)20 7946 0000',
      tags: ['VIP', 'vip', ' early   adopter '],
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{14}7/),
      first_name: 'Ada',
      last_name: 'Lovelace',
      email: 'Ada@Example.com',
      phone: '+44 (0)20 7946 0000',
      company_id: null,
      owner_id: null,
      team_id: null,
      tags: ['early adopter', 'vip'],
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: body.created_at,
      version: 1,
    });
    expect(headers.get('location')).toBe(`/api/v1/crm/contacts/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    const read = await crm.send('GET', `/contacts/${body.id}`, { role: 'viewer' });
    expect(read.body).toEqual(body);
  });

  test('refuses an e-mail that another contact has in another spelling of case, naming that contact', async () => {
    const { body: holder } = await create({ email: 'grace@example.com' });
    const { status, body } = await create({ email: 'GRACE@Example.COM' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'EMAIL_TAKEN', details: { id: holder.id } });
  });

  test('of two requests for one e-mail at a time one is refused', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create({ email: 'race@example.com' })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array(7).fill(409),
    ]);
  });

  test.each([
    [{}, '', 'must hold a first_name, a last_name or an email'],
    [{ first_name: '   ' }, '/first_name', 'must not be empty; send null to clear it'],
    [{ first_name: 'A\u0000' }, '/first_name', 'must not hold the character U+0000; remove it'],
    [
      { first_name: '\ud800' },
      '/first_name',
      'must not hold half of a surrogate pair; send whole characters',
    ],
    [{ email: 'not an address' }, '/email', 'must be one e-mail address such as ada@example.com'],
    [{ email: 'a@b', phone: '1' }, '/phone', 'must hold 3 to 20 digits, holds 1'],
    [
      { email: 'a@b', tags: ['a,b'] },
      '/tags/0',
      'must not hold a comma or a semicolon; send one tag at a time',
    ],
    [{ email: 'a@b', id: 'x' }, '/id', 'is not a known field'],
    [{ email: 5 }, '/email', expect.stringContaining('string')],
    [
      { email: 'a@b', company_id: '01890a5d-ac96-774b-bcce-b302099a8057' },
      '/company_id',
      expect.stringContaining('no company has the id'),
    ],
  ])('refuses %j, naming the field and the remedy', async (given, path, message) => {
    const { status, body } = await create(given);
    expect(status).toBe(400);
    expect(body.code).toBe('VALIDATION_FAILED');
    expect(body.faults).toContainEqual({ path, message });
  });

  test('names every fault at once', async () => {
    const { body } = await create({ first_name: '', email: 'nobody', phone: 'none' });
    expect(body.faults.map((fault: { path: string }) => fault.path).toSorted()).toContain('/first_name');
  });

  test('is refused to a viewer', async () => {
    expect((await create({ email: 'viewer@example.com' }, 'viewer')).status).toBe(403);
  });

  test('writes event, audit entry and timeline entry with the contact', async () => {
    const { body: contact } = await create({ first_name: 'Edith' });
    const [event] = await crm.events(contact.id, 1);
    expect(event).toMatchObject({ type: 'contact.created', source: '/plugins/crm', data: { contact } });
    const items = await crm.audited(contact.id);
    expect(items).toMatchObject([{ action: 'contact.created', after: contact }]);
    const timeline = await crm.send('GET', `/contacts/${contact.id}/timeline`);
    expect(timeline.body.items).toMatchObject([{ kind: 'created', actor: { name: callerName } }]);
  });
});

describe('PATCH /contacts/{id}', () => {
  test('applies a merge patch, raises the version and tells which fields changed', async () => {
    const { body: before } = await create({ first_name: 'Alan', phone: '555 123', tags: ['a', 'b'] });
    const { status, headers, body } = await crm.send('PATCH', `/contacts/${before.id}`, {
      body: { first_name: null, last_name: 'Turing', tags: ['c'] },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"2"');
    expect(body).toMatchObject({
      first_name: null,
      last_name: 'Turing',
      phone: '555 123',
      tags: ['c'],
      version: 2,
    });
    const [, updated] = await crm.events(before.id, 2);
    expect(updated).toMatchObject({
      type: 'contact.updated',
      data: { contact: body, changed: ['first_name', 'last_name', 'tags'] },
    });
    const timeline = await crm.send('GET', `/contacts/${before.id}/timeline`);
    expect(timeline.body.items[0]).toMatchObject({
      kind: 'changed',
      changes: { last_name: { from: null, to: 'Turing' }, tags: { from: ['a', 'b'], to: ['c'] } },
    });
  });

  test('changes nothing and tells nobody when the patch changes nothing', async () => {
    const { body: before } = await create({ first_name: 'Same', email: 'same@example.com' });
    const { body } = await crm.send('PATCH', `/contacts/${before.id}`, { body: { first_name: ' Same ' } });
    expect(body).toEqual(before);
    const items = await crm.audited(before.id);
    expect(items).toHaveLength(1);
  });

  test('answers 412 with the current state when If-Match names another version', async () => {
    const { body: before } = await create({ first_name: 'Version' });
    const path = `/contacts/${before.id}`;
    const first = await crm.send('PATCH', path, {
      body: { first_name: 'One' },
      headers: { 'if-match': '"1"' },
    });
    expect(first.status).toBe(200);
    const stale = await crm.send('PATCH', path, {
      body: { first_name: 'Two' },
      headers: { 'if-match': '"1"' },
    });
    expect(stale.status).toBe(412);
    expect(stale.body).toMatchObject({ code: 'VERSION_MISMATCH', details: { current: first.body } });
    const gone = await crm.send('DELETE', path, { headers: { 'if-match': 'W/"2"' } });
    expect(gone.status).toBe(412);
  });

  test('lets a contact change the spelling of its own e-mail, and refuses one that is taken', async () => {
    await create({ email: 'held@example.com' });
    const { body: contact } = await create({ email: 'own@example.com' });
    const respelt = await crm.send('PATCH', `/contacts/${contact.id}`, {
      body: { email: 'Own@example.com' },
    });
    expect(respelt.body.email).toBe('Own@example.com');
    const taken = await crm.send('PATCH', `/contacts/${contact.id}`, { body: { email: 'HELD@example.com' } });
    expect(taken.status).toBe(409);
    const swaps = await Promise.all(
      ['x', 'y', 'z'].map(async (name) => {
        const { body } = await create({ email: `${name}.swap@example.com` });
        return crm.send('PATCH', `/contacts/${body.id}`, { body: { email: 'wanted@example.com' } });
      }),
    );
    expect(swaps.filter(({ body }) => body.code === 'EMAIL_TAKEN')).toHaveLength(2);
    expect(swaps.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
  });

  test('concurrent changes of one contact are all kept', async () => {
    const { body: contact } = await create({ first_name: 'Busy' });
    const fields = ['last_name', 'email', 'phone', 'tags'];
    const values = ['Bee', 'busy@example.com', '123456', ['t']];
    await Promise.all(
      fields.map((field, index) =>
        crm.send('PATCH', `/contacts/${contact.id}`, { body: { [field]: values[index] } }),
      ),
    );
    const { body } = await crm.send('GET', `/contacts/${contact.id}`);
    expect(body).toMatchObject({
      last_name: 'Bee',
      email: 'busy@example.com',
      phone: '123456',
      tags: ['t'],
      version: 5,
    });
  });
});

describe('DELETE /contacts/{id}', () => {
  test('takes the contact away with its timeline and tells it', async () => {
    const { body: contact } = await create({ first_name: 'Gone' });
    expect((await crm.send('DELETE', `/contacts/${contact.id}`)).status).toBe(204);
    expect((await crm.send('GET', `/contacts/${contact.id}`)).body.code).toBe('CONTACT_NOT_FOUND');
    expect((await crm.send('DELETE', `/contacts/${contact.id}`)).status).toBe(404);
    const events = await crm.events(contact.id, 2);
    expect(events.map(({ type }) => type)).toEqual(['contact.created', 'contact.deleted']);
    const rows = await crm.database.query('select 1 from timeline_entries where subject_id = $1', [
      contact.id,
    ]);
    expect(rows).toEqual([]);
  });
});

describe('GET /contacts', () => {
  test('finds by the beginnings of words of name, e-mail and phone, without case and accents', async () => {
    const { body } = await create({
      first_name: 'Kurt',
      last_name: "Gödel-O'Brien",
      email: 'kurt.goedel@ias.example',
      phone: '+1 609 734',
    });
    for (const q of ['godel', 'GÖD kur', "o'bri", 'kurt.goedel@ias', 'ias.example', '1609', 'goedel kurt']) {
      const { body: page } = await crm.send('GET', `/contacts?q=${encodeURIComponent(q)}`);
      expect(
        page.items.map(({ id }: { id: string }) => id),
        q,
      ).toContain(body.id);
    }
    for (const q of ['ödel', 'kurt smith', "' | !x:*", '\\', '***', '\ud800x']) {
      const { status, body: page } = await crm.send(
        'GET',
        `/contacts?q=${encodeURIComponent(q.toWellFormed())}`,
      );
      expect(status, q).toBe(200);
      expect(
        page.items.map(({ id }: { id: string }) => id),
        q,
      ).not.toContain(body.id);
    }
  });

  test('filters by tag and company', async () => {
    const { body: company } = await crm.send('POST', '/companies', { body: { name: 'Filter Ltd' } });
    const { body: contact } = await create({ first_name: 'F', company_id: company.id, tags: ['Filter Me'] });
    for (const query of [
      `company_id=${company.id}`,
      'tag=FILTER%20me',
      `tag=filter%20me&company_id=${company.id}`,
    ]) {
      const { body: page } = await crm.send('GET', `/contacts?${query}`);
      expect(page, query).toEqual({ items: [contact], next_cursor: null });
    }
  });

  test.each(['made-up', '', 'AAAA', '1', 'x'.repeat(40)])(
    'refuses the made-up cursor %j, naming it',
    async (cursor) => {
      const { status, body } = await crm.send('GET', `/contacts?cursor=${cursor}`);
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'CURSOR_INVALID', detail: expect.stringContaining(cursor) });
    },
  );

  test('refuses the cursor of another list or of other filters', async () => {
    await create({ first_name: 'P1', tags: ['paged'] });
    await create({ first_name: 'P2', tags: ['paged'] });
    const { body: page } = await crm.send('GET', '/contacts?limit=1&tag=paged');
    expect(page.next_cursor).toEqual(expect.any(String));
    for (const path of ['/contacts', '/contacts?tag=other', '/companies', '/imports', '/tags']) {
      const joint = path.includes('?') ? '&' : '?';
      const { body } = await crm.send('GET', `${path}${joint}cursor=${page.next_cursor}`);
      expect(body.code, path).toBe('CURSOR_INVALID');
    }
  });

  test('refuses parameters it does not know, limits out of bounds and ids that are none', async () => {
    for (const path of [
      '/contacts?sort=name',
      '/contacts?limit=0',
      '/contacts?limit=201',
      '/contacts/none',
    ]) {
      expect((await crm.send('GET', path)).status, path).toBe(400);
    }
  });
});

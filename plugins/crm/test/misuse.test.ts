import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeCursor } from '../paging/cursor.ts';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ import_batch_rows: 5 });
});
afterAll(() => crm[Symbol.asyncDispose]());

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';

async function faultsOf(method: string, path: string, body: unknown, headers = {}) {
  const answer = await crm.send(method, path, { body, headers });
  expect(answer.status, JSON.stringify(answer.body)).toBe(400);
  return answer.body.faults;
}

test('an id in capitals is the same id in events and audit entries as well', async () => {
  const contact = await crm.create('contacts', { first_name: 'Capital' });
  const company = await crm.create('companies', { name: 'Capital' });
  const record = `/contacts/${contact.id.toUpperCase()}`;
  const pair = `${record}/associations/company/${company.id.toUpperCase()}`;
  for (const role of ['buyer', 'seller']) await crm.send('PUT', pair, { body: { role } });
  await crm.send('DELETE', pair);
  const records = [
    { kind: 'contact', id: contact.id },
    { kind: 'company', id: company.id },
  ];
  expect((await crm.events(contact.id, 4)).slice(1)).toMatchObject([
    { type: 'association.created', data: { records, role: 'buyer' } },
    { type: 'association.updated', data: { records, role: 'seller' } },
    { type: 'association.deleted', data: { records, role: 'seller' } },
  ]);
  expect(await crm.audited(contact.id)).toHaveLength(4);
});

describe('cursors', () => {
  test.each(['made-up', '%7f', '..%2F', 'null', "'%20or%201=1--", '☃'])(
    'the made-up cursor %s is refused by every list',
    async (cursor) => {
      const { id } = await crm.create('contacts', { first_name: 'Cursor' });
      const company = await crm.create('companies', { name: 'Cursor' });
      for (const path of [
        '/contacts',
        '/companies',
        '/imports',
        '/tags',
        `/contacts/${id}/timeline`,
        `/contacts/${id}/associations`,
        `/companies/${company.id}/associations?kind=contact`,
        '/activities',
      ]) {
        const { status, body } = await crm.send(
          'GET',
          `${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`,
        );
        expect({ path, status, code: body.code }).toEqual({ path, status: 400, code: 'CURSOR_INVALID' });
      }
    },
  );

  test('a cursor forged with a key that is none is refused as well', async () => {
    const { id } = await crm.create('contacts', { first_name: 'Forged' });
    const { body: timeline } = await crm.send('GET', `/contacts/${id}/timeline`);
    const list = `timeline of ${id} for ${timeline.items[0].actor.id}`;
    const genuine = writeCursor(list, `${timeline.items[0].occurred_at} ${id}`);
    expect((await crm.send('GET', `/contacts/${id}/timeline?cursor=${genuine}`)).status).toBe(200);
    for (const [path, name, key] of [
      ['/imports', 'imports', 'no id'],
      [`/contacts/${id}/timeline`, list, "' or 1=1"],
      [`/contacts/${id}/timeline`, list, `2026-02-30T00:00:00.000Z ${id}`],
      [`/contacts/${id}/timeline`, list, `0000-01-01T00:00:00.000Z ${id}`],
      ['/tags', 'tags', 'a\0b'],
    ] as const) {
      const { status, body } = await crm.send('GET', `${path}?cursor=${writeCursor(name, key)}`);
      expect({ path, status, code: body.code }).toEqual({ path, status: 400, code: 'CURSOR_INVALID' });
    }
  });

  test('a cursor of one record’s list is refused by that of another', async () => {
    const [one, two] = [
      await crm.create('contacts', { first_name: 'One' }),
      await crm.create('contacts', { first_name: 'Two' }),
    ];
    await crm.send('PATCH', `/contacts/${one.id}`, { body: { last_name: 'Changed' } });
    const { body: page } = await crm.send('GET', `/contacts/${one.id}/timeline?limit=1`);
    expect(page.next_cursor).toEqual(expect.any(String));
    const other = await crm.send('GET', `/contacts/${two.id}/timeline?cursor=${page.next_cursor}`);
    expect(other.body.code).toBe('CURSOR_INVALID');
  });

  test.each(['0', '-1', '201', '1e9', '99999999999999999999', 'ten', '1.5', ''])(
    'the limit %j is refused',
    async (limit) => {
      for (const path of ['/contacts', '/companies', '/imports', '/tags']) {
        expect((await crm.send('GET', `${path}?limit=${limit}`)).status, path).toBe(400);
      }
    },
  );
});

test.each(['none', '1', `${nobody}x`, '%00', '☃', "';drop table contacts;--"])(
  'the id %s is refused by every route about one record',
  async (id) => {
    const encoded = id.startsWith('%') ? id : encodeURIComponent(id);
    const calls: [string, string, object?][] = [
      ['GET', `/contacts/${encoded}`],
      ['PATCH', `/companies/${encoded}`, { phone: '123' }],
      ['DELETE', `/contacts/${encoded}`],
      ['GET', `/companies/${encoded}/timeline`],
      ['GET', `/activities/${encoded}`],
      ['PATCH', `/activities/${encoded}`, { subject: 'x' }],
      ['GET', `/activities?record_id=${encoded}`],
      ['PUT', `/contacts/${nobody}/associations/company/${encoded}`, {}],
      ['PUT', `/contacts/${encoded}/associations/company/${nobody}`, {}],
      ['DELETE', `/companies/${nobody}/associations/contact/${encoded}`],
      ['GET', `/imports/${encoded}`],
      ['GET', `/imports/${encoded}/errors`],
    ];
    for (const [method, path, body] of calls) {
      const { status } = await crm.send(method, path, { body });
      expect({ method, path, status }).toEqual({ method, path, status: 400 });
    }
  },
);

describe('tags', () => {
  test('more than 50 are refused, a thousand too, and many spellings of one count once', async () => {
    const thousand = Array.from({ length: 1_000 }, (_, index) => `tag ${index}`);
    const faults = await faultsOf('POST', '/contacts', { first_name: 'T', tags: thousand });
    expect(faults).toEqual([{ path: '/tags', message: expect.stringContaining('50') }]);
    const spellings = Array.from({ length: 50 }, (_, index) => `${' '.repeat(index % 7)}VIP`);
    expect((await crm.create('contacts', { first_name: 'T', tags: spellings })).tags).toEqual(['vip']);
  });

  test.each([[[null]], [[5]], [['']], [[' ']], [['x'.repeat(51)]], ['vip'], [{ 0: 'vip' }]])(
    '%j are refused',
    async (tags) => {
      const faults = await faultsOf('POST', '/contacts', { first_name: 'T', tags });
      expect(faults[0].path).toMatch(/^\/tags/);
    },
  );

  test('none is found by a filter that can be no tag', async () => {
    for (const tag of [',', '%20', '%7f,']) {
      const { status, body } = await crm.send('GET', `/contacts?tag=${tag}`);
      expect({ tag, status, items: body.items }).toEqual({ tag, status: 200, items: [] });
    }
  });
});

describe('a merge patch', () => {
  test.each<[unknown, string]>([
    [{ nickname: 'x' }, '/nickname'],
    [{ version: 7 }, '/version'],
    [{ id: nobody }, '/id'],
    [{ first_name: { given: 'Ada' } }, '/first_name'],
    [{ first_name: ['Ada'] }, '/first_name'],
    [{ phone: 123 }, '/phone'],
    [{ tags: { add: ['x'] } }, '/tags'],
    [{ company_id: nobody }, '/company_id'],
    [{ company_id: 'none' }, '/company_id'],
    [{ first_name: null, last_name: null, email: null }, ''],
    [null, ''],
    [[], ''],
    ['Ada', ''],
    [5, ''],
  ])('%j is refused with its place and leaves the contact as it is', async (patch, path) => {
    const contact = await crm.create('contacts', { first_name: 'Patched' });
    const answer = await crm.send('PATCH', `/contacts/${contact.id}`, {
      body: JSON.stringify(patch),
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(400);
    expect(answer.body.faults.map((fault: { path: string }) => fault.path)).toContain(path);
    expect((await crm.send('GET', `/contacts/${contact.id}`)).body).toEqual(contact);
  });

  test('of a name that every object has changes no prototype', async () => {
    const { id } = await crm.create('contacts', { first_name: 'Proto' });
    for (const text of ['{"__proto__":{"first_name":"x"}}', '{"constructor":{"prototype":{}}}']) {
      const headers = { 'content-type': 'application/json' };
      const { status } = await crm.send('PATCH', `/contacts/${id}`, { body: text, headers });
      expect(status, text).toBe(400);
    }
  });

  test('of two with one version one is refused with 412 and the state that the other made', async () => {
    const contact = await crm.create('contacts', { first_name: 'Versioned' });
    const answers = await Promise.all(
      ['A', 'B', 'C', 'D'].map((last_name) =>
        crm.send('PATCH', `/contacts/${contact.id}`, { body: { last_name }, headers: { 'if-match': '"1"' } }),
      ),
    );
    const [won, ...more] = answers.filter(({ status }) => status === 200);
    expect(more).toEqual([]);
    const lost = answers.filter(({ status }) => status !== 200);
    expect(lost).toHaveLength(3);
    for (const { status, body } of lost) {
      expect({ status, current: body.details.current }).toEqual({ status: 412, current: won?.body });
    }
  });

  test.each(['1', '"1', 'W/"1"', '"2"', '""', '"1e0"'])('If-Match %s is not version 1', async (ifMatch) => {
    const { id } = await crm.create('contacts', { first_name: 'Match' });
    const headers = { 'if-match': ifMatch };
    const { status } = await crm.send('PATCH', `/contacts/${id}`, { body: { last_name: 'x' }, headers });
    expect(status).toBe(412);
  });
});

describe('an e-mail', () => {
  test('beyond ASCII is kept as written, and found and refused in every spelling', async () => {
    const contact = await crm.create('contacts', { email: 'Jürgen@Müller.example' });
    expect(contact.email).toBe('Jürgen@Müller.example');
    for (const email of [
      'JÜRGEN@MÜLLER.EXAMPLE',
      'jürgen@müller.example'.normalize('NFD'),
      'ｊürgen@müller.example',
    ]) {
      const { status, body } = await crm.send('POST', '/contacts', { body: { email } });
      expect({ email, status, id: body.details?.id }).toEqual({ email, status: 409, id: contact.id });
    }
    const { body } = await crm.send('GET', `/contacts?q=${encodeURIComponent('jurgen@mull')}`);
    expect(body.items).toEqual([contact]);
  });

  test.each(['@', 'a@', '@b', 'a b@c', 'a@b@c', 'a@b,c@d', '<a@b>', `${'x'.repeat(250)}@b.example`])(
    '%s is refused',
    async (email) => {
      const faults = await faultsOf('POST', '/contacts', { email });
      expect(faults.map((fault: { path: string }) => fault.path)).toEqual(['/email']);
    },
  );
});

test('an export while contacts are written holds each of those that were there all along once', async () => {
  const there = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      crm.create('contacts', { first_name: `There ${index}`, tags: ['exported'] }),
    ),
  );
  const [file] = await Promise.all([
    crm.send('GET', '/contacts/export?tag=exported'),
    ...there.map(({ id }) => crm.send('PATCH', `/contacts/${id}`, { body: { last_name: 'Meanwhile' } })),
    ...there.map(() => crm.create('contacts', { first_name: 'New', tags: ['exported'] })),
  ]);
  expect(file.status).toBe(200);
  const ids = String(file.body)
    .split('\r\n')
    .slice(1, -1)
    .map((line) => line.slice(0, 36));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining(there.map(({ id }) => id)));
});

test('an import that was cancelled mid-way makes each contact once when its file is imported again', async () => {
  const rows = Array.from({ length: 3_000 }, (_, index) => `again${index}@file.example`).join('\n');
  const body = `email\n${rows}\n`;
  const { body: started } = await crm.send('POST', '/imports?object=contacts', { body });
  await expect
    .poll(async () => (await crm.send('GET', `/imports/${started.id}`)).body.rows_total, { timeout: 60_000 })
    .toBeGreaterThan(0);
  const { body: cancelled } = await crm.send('POST', `/imports/${started.id}/cancel`);
  expect(cancelled.status).toBe('cancelled');
  const { body: again } = await crm.send('POST', '/imports?object=contacts', { body });
  expect(await crm.importEnded(again.id)).toMatchObject({
    status: 'completed',
    rows_created: 3_000 - cancelled.rows_created,
    rows_updated: cancelled.rows_created,
    rows_failed: 0,
  });
});

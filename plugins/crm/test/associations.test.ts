import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const company = (name: string) => crm.create('companies', { name });
const contact = (fields: object) => crm.create('contacts', fields);
const listOf = async (path: string) =>
  (await crm.send('GET', `${path}/associations`, { role: 'viewer' })).body;
const linked = (record: { id: string }, kind: string, role: string | null, is_primary: boolean) => ({
  kind,
  id: record.id,
  role,
  is_primary,
  created_at: role === null ? null : expect.any(String),
  record,
});
const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('an association', () => {
  test('has a role, stands in the lists of both records and is told once', async () => {
    const [own, board] = [await company('Own'), await company('Board')];
    const person = await contact({ first_name: 'Multi', company_id: own.id });
    const path = `/contacts/${person.id}/associations/company/${board.id}`;
    for (const role of ['member', 'chair', 'chair'])
      expect((await crm.send('PUT', path, { body: { role } })).status).toBe(204);
    expect((await listOf(`/contacts/${person.id}`)).items).toEqual(
      [linked(own, 'company', null, true), linked(board, 'company', 'chair', false)].toSorted((a, b) =>
        a.id < b.id ? -1 : 1,
      ),
    );
    expect((await listOf(`/companies/${board.id}`)).items).toEqual([
      linked(person, 'contact', 'chair', false),
    ]);
    expect((await listOf(`/companies/${own.id}`)).items).toEqual([linked(person, 'contact', null, true)]);
    expect((await crm.send('DELETE', path)).status).toBe(204);
    const events = await crm.events(person.id, 4);
    expect(events.slice(1).map(({ type }) => type)).toEqual([
      'association.created',
      'association.updated',
      'association.deleted',
    ]);
    expect(events[2]?.data).toEqual({
      records: [
        { kind: 'contact', id: person.id },
        { kind: 'company', id: board.id },
      ],
      role: 'chair',
    });
  });

  test('is the same one from either side', async () => {
    const [person, firm] = [await contact({ first_name: 'Side' }), await company('Side')];
    await crm.send('PUT', `/companies/${firm.id}/associations/contact/${person.id}`, { body: { role: 'a' } });
    await crm.send('PUT', `/contacts/${person.id}/associations/company/${firm.id}`, { body: { role: 'b' } });
    expect((await listOf(`/companies/${firm.id}`)).items).toMatchObject([{ id: person.id, role: 'b' }]);
    const ended = await crm.send('DELETE', `/companies/${firm.id}/associations/contact/${person.id}`);
    expect(ended.status).toBe(204);
    expect((await listOf(`/contacts/${person.id}`)).items).toEqual([]);
  });

  test('of the company that a contact has as its own is listed once, with its role', async () => {
    const firm = await company('Both');
    const person = await contact({ first_name: 'Both', company_id: firm.id });
    await crm.send('PUT', `/contacts/${person.id}/associations/company/${firm.id}`, {
      body: { role: 'cto' },
    });
    for (const path of [`/contacts/${person.id}`, `/companies/${firm.id}`])
      expect((await listOf(path)).items, path).toMatchObject([{ role: 'cto', is_primary: true }]);
  });

  test('is made between two records of one kind, and of none with itself', async () => {
    const [one, two] = [await contact({ first_name: 'One' }), await contact({ first_name: 'Two' })];
    const answer = await crm.send('PUT', `/contacts/${two.id}/associations/contact/${one.id}`, {
      body: { role: 'spouse' },
    });
    expect(answer.status).toBe(204);
    for (const [id, other] of [
      [one.id, two.id],
      [two.id, one.id],
    ])
      expect((await listOf(`/contacts/${id}`)).items).toMatchObject([{ id: other, role: 'spouse' }]);
    const itself = await crm.send('PUT', `/contacts/${one.id}/associations/contact/${one.id}`, { body: {} });
    expect(itself.body.faults).toEqual([{ path: '/params/other_id', message: expect.any(String) }]);
  });

  test('needs records that are there, and names which is not', async () => {
    const [person, firm] = [await contact({ first_name: 'Lone' }), await company('Lone')];
    const calls = [
      ['PUT', `/contacts/${person.id}/associations/company/${nobody}`, 'COMPANY_NOT_FOUND'],
      ['PUT', `/contacts/${nobody}/associations/company/${firm.id}`, 'CONTACT_NOT_FOUND'],
      ['DELETE', `/contacts/${person.id}/associations/company/${nobody}`, 'ASSOCIATION_NOT_FOUND'],
      ['DELETE', `/contacts/${nobody}/associations/company/${firm.id}`, 'CONTACT_NOT_FOUND'],
    ] as const;
    for (const [method, path, code] of calls)
      expect((await crm.send(method, path, { body: method === 'PUT' ? {} : undefined })).body.code).toBe(
        code,
      );
    const kind = await crm.send('PUT', `/contacts/${person.id}/associations/planet/${nobody}`, { body: {} });
    expect(kind.status).toBe(400);
    const role = await crm.send('PUT', `/contacts/${person.id}/associations/company/${nobody}`, {
      body: { role: ' ' },
    });
    expect(role.body.faults).toEqual([{ path: '/role', message: expect.any(String) }]);
  });
});

test('a list of associations is read page by page and by kind', async () => {
  const firm = await company('Paged');
  const own = await Promise.all(['a', 'b'].map((first_name) => contact({ first_name, company_id: firm.id })));
  const others = await Promise.all(['c', 'd', 'e'].map((first_name) => contact({ first_name })));
  const sister = await company('Sister');
  for (const { id } of others)
    await crm.send('PUT', `/companies/${firm.id}/associations/contact/${id}`, { body: {} });
  await crm.send('PUT', `/companies/${firm.id}/associations/company/${sister.id}`, { body: {} });
  const met: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const next: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await crm.send('GET', `/companies/${firm.id}/associations?kind=contact&limit=2${next}`);
    met.push(...body.items.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor;
  }
  const ids = [...own, ...others].map(({ id }): string => id);
  expect(met).toEqual(ids.toSorted());
  const companies = await crm.send('GET', `/companies/${firm.id}/associations?kind=company`);
  expect(companies.body.items).toMatchObject([{ id: sister.id }]);
});

test('the associations of a record end with it, each with its event, and none can be made with it any more', async () => {
  const [person, firm] = [await contact({ first_name: 'Assoc' }), await company('Deleted')];
  const path = `/contacts/${person.id}/associations/company/${firm.id}`;
  await crm.send('PUT', path, { body: { role: 'x' } });
  expect((await crm.send('DELETE', `/companies/${firm.id}`)).status).toBe(204);
  expect((await listOf(`/contacts/${person.id}`)).items).toEqual([]);
  expect((await crm.send('PUT', path, { body: {} })).body.code).toBe('COMPANY_NOT_FOUND');
  expect((await crm.send('DELETE', path)).body.code).toBe('ASSOCIATION_NOT_FOUND');
  const [, , ended] = await crm.events(person.id, 3);
  expect(ended).toMatchObject({ type: 'association.deleted', data: { role: 'x' } });
});

test('associations made while their company is being deleted answer 204 or 404, and none is left behind', async () => {
  for (let round = 0; round < 8; round += 1) {
    const firm = await company('Race');
    const people = await Promise.all(['a', 'b', 'c'].map((first_name) => contact({ first_name })));
    const made = people.map(({ id }, index) =>
      index === 0
        ? crm.send('PUT', `/companies/${firm.id}/associations/contact/${id}`, { body: {} })
        : crm.send('PUT', `/contacts/${id}/associations/company/${firm.id}`, { body: {} }),
    );
    const answers = await Promise.all([...made, crm.send('DELETE', `/companies/${firm.id}`)]);
    expect(answers.filter(({ status }) => ![204, 404].includes(status))).toEqual([]);
    const left = await crm.database.query('select 1 from associations where second_id = $1', [firm.id]);
    expect(left).toEqual([]);
  }
});

test('of many requests for one association one makes it, and it is told so', async () => {
  const [person, firm] = [await contact({ first_name: 'Many' }), await company('Many')];
  const requests = ['a', 'a', 'a', 'a'].map((role, index) =>
    index % 2 === 0
      ? crm.send('PUT', `/contacts/${person.id}/associations/company/${firm.id}`, { body: { role } })
      : crm.send('PUT', `/companies/${firm.id}/associations/contact/${person.id}`, { body: { role } }),
  );
  for (const { status } of await Promise.all(requests)) expect(status).toBe(204);
  await crm.send('PATCH', `/contacts/${person.id}`, { body: { last_name: 'Done' } });
  expect((await crm.events(person.id, 3)).map(({ type }) => type)).toEqual([
    'contact.created',
    'association.created',
    'contact.updated',
  ]);
});

const own = () => ({ records: 'own' as const, hidden: [], read_only: [] });

test('records that a caller may not see are in no list, and none can be associated with them', async () => {
  await using ruled = await startCrm({
    access: { viewer: { contacts: own() }, operator: { contacts: own() } },
  });
  const admin = { role: 'admin' } as const;
  const make = async (kind: string, body: object) =>
    (await ruled.send('POST', `/${kind}`, { ...admin, body })).body;
  const firm = await make('companies', { name: 'Firm' });
  const other = await ruled.user('other');
  const hidden = await make('contacts', { first_name: 'Hidden', owner_id: other, company_id: firm.id });
  const path = `/companies/${firm.id}/associations`;
  expect((await ruled.send('PUT', `${path}/contact/${hidden.id}`, { ...admin, body: {} })).status).toBe(204);
  expect((await ruled.send('GET', path, admin)).body.items).toMatchObject([{ id: hidden.id }]);
  expect((await ruled.send('GET', path)).body.items).toEqual([]);
  const refused = [
    await ruled.send('PUT', `${path}/contact/${hidden.id}`, { body: { role: 'x' } }),
    await ruled.send('DELETE', `${path}/contact/${hidden.id}`),
    await ruled.send('GET', `/contacts/${hidden.id}/associations`),
  ];
  expect(refused.map(({ body }) => body.code)).toEqual([
    'CONTACT_NOT_FOUND',
    'ASSOCIATION_NOT_FOUND',
    'CONTACT_NOT_FOUND',
  ]);
  const { body: activity } = await ruled.send('POST', '/activities', {
    body: { type: 'note', body: 'x', records: [{ kind: 'contact', id: hidden.id }] },
  });
  expect(activity.faults).toEqual([
    { path: '/records/0/id', message: `must be the id of a contact; no contact has the id ${hidden.id}` },
  ]);
  await ruled.events(hidden.id, 2);
  const { bus } = ruled.appliance.appliance.rooms;
  const told = async (...principals: string[]) =>
    (await bus.history.query({ subject: hidden.id, limit: 10 }, principals)).items.map(({ type }) => type);
  expect(await told('operator', 'user:ada', 'operator@user:ada')).toEqual([]);
  expect(await told('operator', `user:${other}`, `operator@user:${other}`)).toContain('association.created');
});

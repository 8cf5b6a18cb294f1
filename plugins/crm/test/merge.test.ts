import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ default_region: 'DE' });
});
afterAll(() => crm[Symbol.asyncDispose]());

interface Asked {
  readonly prefer?: Record<string, string>;
  readonly query?: string;
  readonly headers?: Record<string, string>;
}

const merge = (
  kind: 'contacts' | 'companies',
  kept: string,
  other: string,
  { prefer = {}, query = '', headers = {} }: Asked = {},
): Promise<Answer> =>
  crm.send('POST', `/${kind}/${kept}/merge${query}`, {
    body: { other_id: other, other_if_match: '*', prefer },
    headers: { 'if-match': '*', ...headers },
  });

const about = ({ id }: { id: string }) => ({ kind: 'contact', id });
const sorted = (texts: readonly string[]) => texts.toSorted((left, right) => (left < right ? -1 : 1));

test('the kept record has its own values, the other’s where it had none, what is preferred, and the tags of both', async () => {
  const kept = await crm.create('contacts', {
    first_name: 'Ada',
    last_name: 'King',
    tags: ['b'],
    email: null,
  });
  const other = await crm.create('contacts', {
    first_name: 'Augusta',
    last_name: 'Lovelace',
    email: 'ada@merge.example',
    phone: '030 901820',
    tags: ['a', 'b'],
  });
  const preview = await merge('contacts', kept.id, other.id, {
    prefer: { last_name: 'other' },
    query: '?preview=true',
  });
  const expected = {
    id: kept.id,
    first_name: 'Ada',
    last_name: 'Lovelace',
    email: 'ada@merge.example',
    phone: '030 901820',
    tags: ['a', 'b'],
    version: 2,
  };
  expect(preview).toMatchObject({ status: 200, body: { contact: expected, merged_id: other.id } });
  expect((await crm.send('GET', `/contacts/${other.id}`)).body).toEqual(other);
  expect((await crm.send('GET', `/contacts/${kept.id}`)).body).toEqual(kept);
  const { status, body, headers } = await merge('contacts', kept.id, other.id, {
    prefer: { last_name: 'other' },
  });
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toMatchObject({ contact: expected });
  expect(headers.get('etag')).toBe('"2"');
  expect(body.choices).toContainEqual({ field: 'last_name', kept: 'King', other: 'Lovelace', from: 'other' });
  expect(body.choices).toContainEqual({ field: 'first_name', kept: 'Ada', other: 'Augusta', from: 'kept' });
  expect((await crm.send('GET', `/contacts/${kept.id}`)).body).toMatchObject(expected);
});

test('the id of the merged record leads to the one that is left, through chains, and is refused as a reference', async () => {
  const [a, b, c] = [
    await crm.create('companies', { name: 'Chain A' }),
    await crm.create('companies', { name: 'Chain B' }),
    await crm.create('companies', { name: 'Chain C' }),
  ];
  expect((await merge('companies', b.id, a.id)).status).toBe(200);
  expect((await merge('companies', c.id, b.id)).status).toBe(200);
  for (const [method, path] of [
    ['GET', `/companies/${a.id}`],
    ['PATCH', `/companies/${b.id}`],
    ['GET', `/companies/${a.id}/timeline`],
    ['GET', `/companies/${a.id}/duplicates`],
  ] as const) {
    const gone = await crm.send(method, path, method === 'PATCH' ? { body: { name: 'X' } } : {});
    expect(gone, path).toMatchObject({
      status: 410,
      body: { code: 'RECORD_MERGED', details: { merged_into: c.id } },
    });
  }
  const refused = await crm.send('POST', '/contacts', { body: { first_name: 'X', company_id: a.id } });
  expect(refused.body.faults).toEqual([
    { path: '/company_id', message: expect.stringContaining(`which was merged into ${c.id}`) },
  ]);
  await crm.send('DELETE', `/companies/${c.id}`);
  expect((await crm.send('GET', `/companies/${a.id}`)).status).toBe(404);
});

test('history, activities, associations, deals, lists and duplicates go with the record, each once', async () => {
  const kept = await crm.create('contacts', { first_name: 'Katherine', last_name: 'Johnson' });
  const other = await crm.create('contacts', { first_name: 'Katherine', last_name: 'Johnson' });
  const third = await crm.create('contacts', { first_name: 'Katherine', last_name: 'Johnson' });
  const company = await crm.create('companies', { name: 'Nasa Example' });
  const shared = await crm.create('deals', { name: 'Both' });
  const own = await crm.create('deals', { name: 'Own' });
  const activity = async (records: readonly object[]) =>
    (await crm.send('POST', '/activities', { body: { type: 'note', body: 'a note', records } })).body;
  const both = await activity([about(kept), about(other)]);
  const others = await activity([about(other)]);
  const put = async (path: string, role: string | null) => {
    const { status, body } = await crm.send('PUT', path, { body: { role } });
    expect(status, JSON.stringify(body)).toBe(204);
  };
  await put(`/contacts/${kept.id}/associations/company/${company.id}`, 'chair');
  await put(`/contacts/${other.id}/associations/company/${company.id}`, 'adviser');
  await put(`/contacts/${kept.id}/associations/contact/${other.id}`, null);
  await put(`/contacts/${other.id}/associations/contact/${third.id}`, 'friend');
  await put(`/deals/${shared.id}/associations/contact/${kept.id}`, null);
  await put(`/deals/${shared.id}/associations/contact/${other.id}`, 'buyer');
  await put(`/deals/${own.id}/associations/contact/${other.id}`, 'user');
  const { body: list } = await crm.send('POST', '/lists', {
    body: { name: 'L', kind: 'contact', type: 'static', shared: 'everyone' },
  });
  const added = await crm.send('POST', `/lists/${list.id}/members`, { body: { add: [other.id] } });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  const dismissed = (await crm.send('GET', `/contacts/${other.id}/duplicates`)).body.items.find(
    ({ contact }: Answer['body']) => contact.id === third.id,
  );
  await crm.send('POST', `/duplicates/${dismissed.id}/dismiss`);
  const keptPair = (await crm.send('GET', `/contacts/${kept.id}/duplicates`)).body.items.find(
    ({ contact }: Answer['body']) => contact.id === third.id,
  );
  await crm.send('POST', `/duplicates/${keptPair.id}/dismiss`);

  const { status, body } = await merge('contacts', kept.id, other.id);
  expect(status, JSON.stringify(body)).toBe(200);
  const moved = { associations: 5, lists: 1, activities: 2, timeline_entries: 1, references: 0 };
  expect(body.moved).toEqual(moved);
  const associated = (await crm.send('GET', `/contacts/${kept.id}/associations`)).body.items;
  const roles = new Map(associated.map(({ id, role }: Answer['body']) => [id, role]));
  expect(roles).toEqual(
    new Map([
      [company.id, 'chair, adviser'],
      [third.id, 'friend'],
      [shared.id, 'buyer'],
      [own.id, 'user'],
    ]),
  );
  for (const { id } of [both, others]) {
    const { records } = (await crm.send('GET', `/activities/${id}`)).body;
    expect(records).toMatchObject([{ id: kept.id }]);
  }
  const members = await crm.send('GET', `/contacts?list=${list.id}`);
  expect(members.body.items.map(({ id }: Answer['body']) => id)).toEqual([kept.id]);
  const { items: timeline } = (await crm.send('GET', `/contacts/${kept.id}/timeline`)).body;
  expect(timeline.map(({ kind }: Answer['body']) => kind)).toEqual([
    'merged',
    'activity',
    'activity',
    'created',
    'created',
  ]);
  const pairs = (await crm.send('GET', `/contacts/${kept.id}/duplicates?status=any`)).body.items;
  expect(pairs.map(({ status: decided, contact }: Answer['body']) => [contact.id, decided])).toEqual([
    [third.id, 'dismissed'],
  ]);
  const { body: merged } = await crm.send('GET', '/duplicates?status=merged');
  expect(merged.items).toContainEqual(
    expect.objectContaining({ merged_into: kept.id, record_ids: sorted([kept.id, other.id]) }),
  );
});

test('a merge is told once, with the record that is left, and audited with what both were', async () => {
  const kept = await crm.create('contacts', { first_name: 'Mary', phone: '030 1112223' });
  const other = await crm.create('contacts', { first_name: 'Mary', last_name: 'Jackson' });
  const headers = { 'idempotency-key': 'merge-once' };
  const first = await merge('contacts', kept.id, other.id, { headers });
  const again = await merge('contacts', kept.id, other.id, { headers });
  expect(again.body).toEqual(first.body);
  const events = await crm.events(kept.id, 3);
  expect(events.map(({ type }) => type)).toEqual(['contact.created', 'contact.updated', 'contact.merged']);
  expect(events[2]).toMatchObject({ data: { contact: first.body.contact, merged_id: other.id } });
  expect((await crm.audited(other.id))[0]).toMatchObject({
    action: 'contact.merged',
    before: { last_name: 'Jackson' },
    after: { merged_into: kept.id },
  });
  const audited = await crm.audited(kept.id);
  expect(audited).toContainEqual(
    expect.objectContaining({
      action: 'contact.merged',
      before: expect.objectContaining({ last_name: null }),
    }),
  );
});

test('what refers to a company refers to the one that is left, and the hierarchy closes no circle', async () => {
  const top = await crm.create('companies', { name: 'Top' });
  const other = await crm.create('companies', { name: 'Other', domain: 'other.example', parent_id: top.id });
  const middle = await crm.create('companies', { name: 'Middle', parent_id: other.id });
  const kept = await crm.create('companies', { name: 'Kept', parent_id: middle.id });
  const contact = await crm.create('contacts', { first_name: 'Employee', company_id: other.id });
  const deal = await crm.create('deals', { name: 'Sale', company_id: other.id });
  const { status, body } = await merge('companies', kept.id, other.id);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toMatchObject({
    company: { parent_id: top.id, domain: 'other.example' },
    moved: { references: 3 },
  });
  expect((await crm.send('GET', `/companies/${middle.id}`)).body.parent_id).toBe(kept.id);
  expect((await crm.send('GET', `/contacts/${contact.id}`)).body.company_id).toBe(kept.id);
  expect((await crm.send('GET', `/deals/${deal.id}`)).body.company_id).toBe(kept.id);
  const below = await merge('companies', top.id, kept.id);
  expect(below.body).toMatchObject({ company: { parent_id: null, name: 'Top', domain: 'other.example' } });
});

test('what cannot be merged is refused with the reason, and nothing is half done', async () => {
  const one = await crm.create('contacts', { first_name: 'One' });
  const other = await crm.create('contacts', { first_name: 'Other' });
  const company = await crm.create('companies', { name: 'No Contact' });
  const unknown = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect((await merge('contacts', one.id, one.id.toUpperCase())).body.code).toBe('MERGE_INTO_ITSELF');
  expect((await merge('contacts', one.id, company.id)).body.code).toBe('MERGE_ACROSS_KINDS');
  expect((await merge('contacts', one.id, unknown)).body.code).toBe('CONTACT_NOT_FOUND');
  expect((await merge('contacts', unknown, one.id)).body.code).toBe('CONTACT_NOT_FOUND');
  const faulty = await merge('contacts', one.id, other.id, { prefer: { nickname: 'other' } });
  expect(faulty.body.faults).toEqual([
    { path: '/prefer/nickname', message: expect.stringContaining('is not a field') },
  ]);
  const body = { other_id: other.id };
  expect((await crm.send('POST', `/contacts/${one.id}/merge`, { body })).status).toBe(428);
  const half = await crm.send('POST', `/contacts/${one.id}/merge`, { body, headers: { 'if-match': '"1"' } });
  expect(half.status).toBe(428);
  const stale = await crm.send('POST', `/contacts/${one.id}/merge`, {
    body: { ...body, other_if_match: '"9"' },
    headers: { 'if-match': '"1"' },
  });
  expect(stale).toMatchObject({ status: 412, body: { details: { current: { id: other.id } } } });
  for (const { id, version } of [one, other]) {
    expect((await crm.send('GET', `/contacts/${id}`)).body.version).toBe(version);
  }
});

test('of merges of the same records at a time one wins, and the others are told where the record has gone', async () => {
  for (let round = 0; round < 10; round += 1) {
    const [a, b, c] = [
      await crm.create('contacts', { first_name: 'Race A', tags: ['a'] }),
      await crm.create('contacts', { first_name: 'Race B', tags: ['b'] }),
      await crm.create('contacts', { first_name: 'Race C', tags: ['c'] }),
    ];
    const results = await Promise.all([
      merge('contacts', a.id, b.id),
      merge('contacts', b.id, a.id),
      merge('contacts', b.id, c.id),
      crm.send('PATCH', `/contacts/${b.id}`, { body: { phone: '030 1234567' } }),
    ]);
    for (const { status, body } of results) expect([200, 410], JSON.stringify(body)).toContain(status);
    const answers = await Promise.all([a, b, c].map(({ id }) => crm.send('GET', `/contacts/${id}`)));
    const left = answers.filter(({ status }) => status === 200).map(({ body }) => body);
    const merged = answers.filter(({ status }) => status === 410).map(({ body }) => body.details.merged_into);
    expect(left.length + merged.length).toBe(3);
    for (const winner of merged) expect(left.map(({ id }) => id)).toContain(winner);
    expect(sorted(left.flatMap(({ tags }) => tags))).toEqual(['a', 'b', 'c']);
  }
});

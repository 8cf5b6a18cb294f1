import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callerName, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
const contact = (first_name: string) => crm.create('contacts', { first_name });
const about = (...ids: string[]) => ids.map((id) => ({ kind: 'contact', id }));

async function activity(fields: object) {
  const { status, body } = await crm.send('POST', '/activities', { body: fields });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

const idsOf = async (query: object): Promise<string[]> => {
  const parameters = Object.entries(query).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const { status, body } = await crm.send('GET', `/activities?${new URLSearchParams(parameters).toString()}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.items.map(({ id }: { id: string }) => id);
};

describe('an activity', () => {
  test('is created with its author, the records it is about and their roles, and told', async () => {
    const [ada, firm] = [await contact('Ada'), await crm.create('companies', { name: 'Firm' })];
    const created = await activity({
      type: 'meeting',
      subject: 'Kick-off',
      starts_at: '2026-01-05T10:00:00+01:00',
      ends_at: '2026-01-05T11:00:00+01:00',
      records: [
        { kind: 'contact', id: ada.id.toUpperCase(), role: ' organizer ' },
        { kind: 'company', id: firm.id },
      ],
      tags: ['Onsite'],
    });
    expect(created).toMatchObject({
      type: 'meeting',
      status: null,
      starts_at: '2026-01-05T09:00:00.000Z',
      occurred_at: '2026-01-05T09:00:00.000Z',
      records: [
        { kind: 'contact', id: ada.id, role: 'organizer' },
        { kind: 'company', id: firm.id, role: null },
      ],
      author_name: callerName,
      tags: ['onsite'],
      version: 1,
    });
    expect(await crm.events(created.id, 1)).toMatchObject([
      { type: 'activity.created', data: { activity: created } },
    ]);
    for (const { id } of [ada, firm]) expect(await idsOf({ record_id: id })).toEqual([created.id]);
  });

  test('is changed under its version and found by its words', async () => {
    const created = await activity({ type: 'note', body: 'Prefers the Übergabe in autumn' });
    const path = `/activities/${created.id}`;
    const unnamed = await crm.send('PATCH', path, { body: { body: 'x' }, headers: { 'if-match': '' } });
    expect(unnamed.status).toBe(412);
    const patched = await crm.send('PATCH', path, {
      body: { subject: 'Delivery' },
      headers: { 'if-match': '"1"' },
    });
    expect(patched.body).toMatchObject({ subject: 'Delivery', version: 2, author_name: callerName });
    const stale = await crm.send('PATCH', path, { body: { subject: 'x' }, headers: { 'if-match': '"1"' } });
    expect(stale.body).toMatchObject({ status: 412, details: { current: patched.body } });
    for (const q of ['ubergabe', 'delivery autumn']) expect(await idsOf({ q }), q).toEqual([created.id]);
    const same = await crm.send('PATCH', path, { body: { subject: 'Delivery' } });
    expect(same.body.version).toBe(2);
  });

  test('moves to other records by a patch of them, and leaves those it is no longer about', async () => {
    const [one, two] = [await contact('One'), await contact('Two')];
    const { id } = await activity({ type: 'call', subject: 'Moves', records: about(one.id) });
    const patched = await crm.send('PATCH', `/activities/${id}`, { body: { records: about(two.id) } });
    expect(patched.body.records).toEqual([{ kind: 'contact', id: two.id, role: null }]);
    expect(await idsOf({ record_id: one.id })).toEqual([]);
    expect(await idsOf({ record_id: two.id })).toEqual([id]);
    const [, updated] = await crm.events(id, 2);
    expect(updated).toMatchObject({ type: 'activity.updated', data: { changed: ['records'] } });
  });

  test.each<[object, string]>([
    [{ subject: 'x' }, '/type'],
    [{ type: 'party', subject: 'x' }, '/type'],
    [{ type: 'call' }, ''],
    [{ type: 'note', subject: 'x' }, '/body'],
    [{ type: 'note', body: 'x', due_at: '2026-01-01T00:00:00Z' }, '/due_at'],
    [{ type: 'call', subject: 'x', status: 'open' }, '/status'],
    [{ type: 'task', subject: 'x', direction: 'inbound' }, '/direction'],
    [{ type: 'email', subject: 'x', outcome: 'sent' }, '/outcome'],
    [{ type: 'task', subject: 'x', status: 'later' }, '/status'],
    [{ type: 'task', subject: 'x', done_at: '2026-01-01T00:00:00Z' }, '/done_at'],
    [{ type: 'task', subject: 'x', due_at: '2026-02-30T00:00:00Z' }, '/due_at'],
    [{ type: 'call', subject: 'x', ends_at: '2026-01-01T00:00:00Z' }, '/ends_at'],
    [
      {
        type: 'call',
        subject: 'x',
        starts_at: '2026-01-02T00:00:00Z',
        ends_at: '2026-01-01T00:00:00Z',
      },
      '/ends_at',
    ],
    [{ type: 'note', body: 'x'.repeat(50_001) }, '/body'],
    [{ type: 'note', body: 'x\u0000' }, '/body'],
    [{ type: 'note', body: 'x', author_name: 'Somebody' }, '/author_name'],
    [{ type: 'note', body: 'x', occurred_at: '2026-01-01T00:00:00Z' }, '/occurred_at'],
    [{ type: 'note', body: 'x', records: [{ kind: 'contact', id: nobody }] }, '/records/0/id'],
    [{ type: 'note', body: 'x', records: [{ kind: 'activity', id: nobody }] }, '/records/0/kind'],
    [{ type: 'note', body: 'x', records: [{ kind: 'contact', id: 'none' }] }, '/records/0/id'],
    [{ type: 'note', body: 'x', records: [null] }, '/records/0'],
    [{ type: 'note', body: 'x', records: 'all' }, '/records'],
    [{ type: 'note', body: 'x', records: about(...Array.from({ length: 101 }, () => nobody)) }, '/records'],
  ])('given as %j is refused with its place', async (fields, path) => {
    const { status, body } = await crm.send('POST', '/activities', { body: fields });
    expect(status, JSON.stringify(body)).toBe(400);
    expect(body.faults.map((fault: { path: string }) => fault.path)).toContain(path);
    const batch = await crm.send('POST', '/activities/batch', {
      body: { items: [{ action: 'create', body: fields }] },
    });
    // A text that no column can hold is refused with the whole batch.
    expect(batch.body.results?.[0].status ?? batch.status).toBe(400);
  });

  test('names each record once', async () => {
    const { id } = await contact('Twice');
    const { body } = await crm.send('POST', '/activities', {
      body: { type: 'note', body: 'x', records: about(id, id.toUpperCase()) },
    });
    expect(body.faults).toEqual([{ path: '/records/1/id', message: expect.stringContaining('already') }]);
  });
});

describe('a task', () => {
  test('is open until it is done, which is then; one that is opened again is not done any more', async () => {
    const { id, status } = await activity({ type: 'task', subject: 'Call back' });
    expect(status).toBe('open');
    const patch = async (body: object) => (await crm.send('PATCH', `/activities/${id}`, { body })).body;
    const done = await patch({ status: 'done' });
    expect(done).toMatchObject({ status: 'done', done_at: expect.any(String) });
    expect(await patch({ status: 'done' })).toEqual(done);
    expect(await patch({ status: null })).toMatchObject({ status: 'open', done_at: null });
    const at = '2026-01-05T09:00:00.000Z';
    expect(await patch({ status: 'done', done_at: at })).toMatchObject({ done_at: at });
    expect(await patch({ status: 'cancelled' })).toMatchObject({ status: 'cancelled', done_at: null });
  });

  test('is found while it is open, and overdue, by its owner', async () => {
    const owner_id = await crm.user('somebody');
    const task = (due_at: string | null, status: string) =>
      activity({ type: 'task', subject: 'Due', owner_id, due_at, status });
    const late = await task('2020-01-01T00:00:00Z', 'open');
    const later = await task('2020-01-02T00:00:00Z', 'open');
    const ahead = await task('2999-01-01T00:00:00Z', 'open');
    const some = await task(null, 'open');
    await task('2020-01-01T00:00:00Z', 'done');
    await task('2020-01-01T00:00:00Z', 'cancelled');
    const open = { owner_id, status: 'open' };
    expect(await idsOf({ filter: open, sort: 'due_at' })).toEqual([late.id, later.id, ahead.id, some.id]);
    const overdue = { ...open, due_at: { lt: new Date().toISOString() } };
    expect(await idsOf({ filter: overdue, sort: '-due_at' })).toEqual([later.id, late.id]);
  });
});

test('a batch of activities is sent twice with one key and done once', async () => {
  const { id } = await contact('Batched');
  const items = Array.from({ length: 20 }, (_, index) => ({
    action: 'create',
    body: { type: 'note', body: `Note ${index}`, records: about(id) },
  }));
  const headers = { 'idempotency-key': 'activities-batch-1' };
  const [one, two] = [
    await crm.send('POST', '/activities/batch', { body: { items }, headers }),
    await crm.send('POST', '/activities/batch', { body: { items }, headers }),
  ];
  expect(one.body.succeeded).toBe(20);
  expect(two.body).toEqual(one.body);
  expect(await idsOf({ record_id: id, limit: '200' })).toHaveLength(20);
});

describe('the deletion of a record', () => {
  test('takes it out of its activities, and takes away those that are about nothing else', async () => {
    const [one, two] = [await contact('Leaving'), await contact('Staying')];
    const both = await activity({ type: 'call', subject: 'Both', records: about(one.id, two.id) });
    const alone = await activity({ type: 'note', body: 'Alone', records: about(one.id) });
    expect((await crm.send('DELETE', `/contacts/${one.id}`)).status).toBe(204);
    const { body: left } = await crm.send('GET', `/activities/${both.id}`);
    expect(left).toMatchObject({ records: [{ id: two.id }], version: 2 });
    expect((await crm.send('GET', `/activities/${alone.id}`)).body.code).toBe('ACTIVITY_NOT_FOUND');
    expect((await crm.events(alone.id, 2))[1]).toMatchObject({ type: 'activity.deleted' });
    expect((await crm.events(both.id, 2))[1]).toMatchObject({
      type: 'activity.updated',
      data: { changed: ['records'] },
    });
    const links = await crm.database.query('select 1 from activity_records where record_id = $1', [one.id]);
    expect(links).toEqual([]);
  });

  test('while activities about it are written leaves none that is about nothing that is there', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [going, other] = [await contact('Going'), await contact('Other')];
      const mine = await activity({ type: 'note', body: 'Before', records: about(going.id, other.id) });
      const answers = await Promise.all([
        ...['a', 'b', 'c'].map((body) =>
          crm.send('POST', '/activities', { body: { type: 'note', body, records: about(going.id) } }),
        ),
        crm.send('PATCH', `/activities/${mine.id}`, { body: { records: about(other.id, going.id) } }),
        crm.send('DELETE', `/contacts/${going.id}`),
        crm.send('PATCH', `/activities/${mine.id}`, { body: { subject: 'Meanwhile' } }),
      ]);
      expect(answers.filter(({ status }) => ![200, 201, 204, 400].includes(status))).toEqual([]);
      expect(answers[4]?.status).toBe(204);
      const left = await crm.database.query(
        `select 1 from activities where records @> jsonb_build_array(jsonb_build_object('id', $1::text))
          union all select 1 from activity_records where record_id = $1::uuid`,
        [going.id],
      );
      expect(left).toEqual([]);
      expect((await crm.send('GET', `/activities/${mine.id}`)).body.records).toMatchObject([
        { id: other.id },
      ]);
    }
  });

  test('of two records of one activity at a time takes both out of it', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, two] = [await contact('One'), await contact('Two')];
      const { id } = await activity({ type: 'call', subject: 'Pair', records: about(one.id, two.id) });
      const answers = await Promise.all(
        [one, two].map((record) => crm.send('DELETE', `/contacts/${record.id}`)),
      );
      expect(answers.map(({ status }) => status)).toEqual([204, 204]);
      expect((await crm.send('GET', `/activities/${id}`)).status).toBe(404);
    }
  });
});

test('activities are imported and exported as all records are', async () => {
  const file =
    'type,subject,due_at,status,tags\ntask,From a file,2026-03-01T08:00:00Z,open,filed\nparty,None,,,filed\n';
  const { status, body: started } = await crm.send('POST', '/imports?object=activities', { body: file });
  expect(status, JSON.stringify(started)).toBe(202);
  expect(await crm.importEnded(started.id)).toMatchObject({ rows_created: 1, rows_failed: 1 });
  const exported = await crm.send(
    'GET',
    '/activities/export?tag=filed&columns=type,subject,due_at,author_name',
  );
  expect(exported.body).toBe(
    `type,subject,due_at,author_name\r\ntask,From a file,2026-03-01T08:00:00.000Z,${callerName}\r\n`,
  );
});

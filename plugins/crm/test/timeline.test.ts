import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callerName, startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

type Entry = Answer['body'];

async function walk(path: string, limit: number, between: () => Promise<unknown> = async () => {}) {
  const met: Entry[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const next: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await crm.send('GET', `${path}/timeline?limit=${limit}${next}`, { role: 'viewer' });
    met.push(...body.items);
    cursor = body.next_cursor;
    await between();
  }
  return met;
}

test.each([
  ['contact', 'contacts', { first_name: 'T' }],
  ['company', 'companies', { name: 'T' }],
] as const)('a %s has one timeline of changes and activities, newest first', async (kind, table, fields) => {
  const record = await crm.create(table, fields);
  const path = `/${table}/${record.id}`;
  const records = [{ kind, id: record.id }];
  const made = async (activity: object) =>
    (await crm.send('POST', '/activities', { body: { ...activity, records } })).body;
  for (const phone of ['111', '222']) await crm.send('PATCH', path, { body: { phone } });
  const note = await made({ type: 'note', body: ' Called.\nAgreed. ' });
  const old = await made({ type: 'meeting', subject: 'Long ago', starts_at: '2019-01-01T00:00:00Z' });
  const task = await made({ type: 'task', subject: 'Ahead', due_at: '2999-01-01T00:00:00Z' });
  await crm.send('PATCH', path, { body: { phone: '333' } });
  const met = await walk(path, 2);
  expect(met.map((entry) => entry.changes?.phone?.to ?? entry.activity?.id ?? entry.kind)).toEqual([
    task.id,
    '333',
    note.id,
    '222',
    '111',
    'created',
    old.id,
  ]);
  expect(met[2]).toMatchObject({
    kind: 'activity',
    activity: note,
    actor: { name: callerName },
    occurred_at: note.created_at,
  });
  expect(note.body).toBe('Called.\nAgreed.');
});

test('a walk over a timeline meets each entry that was there all along once, whatever is written meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 4 }),
      async (years, limit) => {
        const { id } = await crm.create('contacts', { first_name: 'Walk' });
        const records = [{ kind: 'contact', id }];
        const write = (year: number) =>
          crm.send('POST', '/activities', {
            // Many at one instant, so that ties are met as well.
            body: { type: 'call', subject: 'x', starts_at: `201${year}-01-01T00:00:00Z`, records },
          });
        const there: string[] = [];
        for (const year of years) there.push((await write(year)).body.id);
        const doomed = (await write(5)).body.id;
        let turn = 0;
        const met = await walk(`/contacts/${id}`, limit, async () => {
          turn += 1;
          if (turn === 1) await crm.send('DELETE', `/activities/${doomed}`);
          if (turn < 4) await Promise.all([write(turn), write(9)]);
          if (turn < 3) await crm.send('PATCH', `/contacts/${id}`, { body: { phone: `00${turn}` } });
        });
        const ids = met.map((entry): string => entry.id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.filter((one) => there.includes(one)).toSorted()).toEqual(there.toSorted());
        const places = met.map((entry) => `${entry.occurred_at} ${entry.id}`);
        expect(places).toEqual(places.toSorted().toReversed());
      },
    ),
    { numRuns: 25 },
  );
});

test('a timeline goes with its record, and there is none of a record that is not there', async () => {
  const { id } = await crm.create('contacts', { first_name: 'Gone' });
  await crm.send('PATCH', `/contacts/${id}`, { body: { phone: '111' } });
  expect((await crm.send('DELETE', `/contacts/${id}`)).status).toBe(204);
  expect((await crm.send('GET', `/contacts/${id}/timeline`)).body.code).toBe('CONTACT_NOT_FOUND');
  expect(await crm.database.query('select 1 from timeline_entries where subject_id = $1', [id])).toEqual([]);
});

test('a timeline holds the activities alone that the caller may see, without the fields hidden from it', async () => {
  await using ruled = await startCrm({
    access: {
      viewer: { activities: { records: 'own', hidden: ['body'], read_only: [] } },
      operator: { activities: { records: 'all', hidden: [], read_only: [] } },
    },
  });
  const { id } = await ruled.create('contacts', { first_name: 'Seen' });
  const records = [{ kind: 'contact', id }];
  const made = async (owner_id: string | null) =>
    ruled.send('POST', '/activities', { body: { type: 'call', subject: 's', body: 'b', owner_id, records } });
  const who = (await ruled.send('GET', `/contacts/${id}/timeline`, { role: 'viewer' })).body.items[0].actor
    .id;
  const [mine] = [await made(who), await made(await ruled.user('other')), await made(null)];
  const { body } = await ruled.send('GET', `/contacts/${id}/timeline`, { role: 'viewer' });
  const seen = body.items.flatMap((entry: Entry) => entry.activity ?? []);
  expect(seen.map((activity: Entry) => activity.id)).toEqual([mine?.body.id]);
  expect(seen[0]).not.toHaveProperty('body');
  const operator = await ruled.send('GET', `/contacts/${id}/timeline`);
  expect(operator.body.items.filter((entry: Entry) => entry.kind === 'activity')).toHaveLength(3);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, startCrm } from './support.ts';
import type { Answer, CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ default_region: 'DE' });
});
afterAll(() => crm[Symbol.asyncDispose]());

const duplicatesOf = async (
  kind: 'contacts' | 'companies',
  id: string,
  query = '',
): Promise<Answer['body'][]> => (await crm.send('GET', `/${kind}/${id}/duplicates${query}`)).body.items;

/** Waits until all that was written has been looked at. */
async function swept(): Promise<void> {
  expect((await crm.send('POST', '/duplicates/sweep', { role: 'admin' })).status).toBe(202);
  await eventually(async () => (await countOf('select from match_queue')) === 0 || undefined);
}

async function countOf(query: string): Promise<number> {
  const [row] = await crm.database.query<{ rows: number }>(
    `select count(*)::integer as rows from (${query}) as counted`,
  );
  return row?.rows ?? 0;
}

test('a contact that may be another one is told as it is written, with reasons, from either side', async () => {
  const one = await crm.create('contacts', { first_name: 'Ada', last_name: 'Lovelace', phone: '030 901820' });
  const other = await crm.create('contacts', {
    last_name: 'LOVELACE',
    first_name: 'Ada',
    phone: '+49 30 901820',
  });
  const [pair, ...more] = await duplicatesOf('contacts', one.id);
  expect(more).toEqual([]);
  expect(pair).toMatchObject({
    score: 100,
    status: 'open',
    reasons: [
      { reason: 'same_phone', weight: 50 },
      { reason: 'same_name', weight: 50 },
    ],
    contact: { id: other.id },
  });
  expect((await duplicatesOf('contacts', other.id))[0]).toMatchObject({
    id: pair.id,
    contact: { id: one.id },
  });
  const [event] = await crm.events(pair.id, 1);
  expect(event).toMatchObject({
    type: 'duplicate.found',
    data: {
      id: pair.id,
      kind: 'contact',
      record_ids: [one.id, other.id].toSorted((left, right) => (left < right ? -1 : 1)),
      score: 100,
    },
  });
});

test('companies of one site, or of one name without its legal form, are told', async () => {
  const one = await crm.create('companies', { name: 'Romashka LLC', domain: 'romashka.example' });
  const site = await crm.create('companies', { name: 'Another', website: 'https://shop.romashka.example/x' });
  const name = await crm.create('companies', { name: 'ООО Ромашка' });
  const found = await duplicatesOf('companies', one.id);
  expect(
    found.map(({ company, reasons }) => [
      company.id,
      reasons.map(({ reason }: { reason: string }) => reason),
    ]),
  ).toEqual([
    [name.id, ['same_name']],
    [site.id, ['same_domain', 'different_name']],
  ]);
});

test('a change that takes the likeness away takes the pair away, and a deletion takes its pairs', async () => {
  const one = await crm.create('contacts', { first_name: 'Grace', last_name: 'Hopper' });
  const other = await crm.create('contacts', { first_name: 'Grace', last_name: 'Hopper' });
  const third = await crm.create('contacts', { first_name: 'Grace', last_name: 'Hopper' });
  expect(await duplicatesOf('contacts', one.id)).toHaveLength(2);
  await crm.send('PATCH', `/contacts/${other.id}`, { body: { last_name: 'Murray' } });
  expect((await duplicatesOf('contacts', one.id)).map(({ contact }) => contact.id)).toEqual([third.id]);
  await crm.send('DELETE', `/contacts/${third.id}`);
  expect(await duplicatesOf('contacts', one.id)).toEqual([]);
  const rows = await crm.database.query(
    'select 1 from duplicate_pairs where low_id = $1 or high_id = $1 union all select 1 from match_keys where record_id = $1',
    [third.id],
  );
  expect(rows).toEqual([]);
});

test('a dismissed pair stays dismissed whatever changes, until it is opened again', async () => {
  const one = await crm.create('contacts', { first_name: 'Alan', last_name: 'Turing' });
  await crm.create('contacts', { first_name: 'Alan', last_name: 'Turing' });
  const [pair] = await duplicatesOf('contacts', one.id);
  const dismissed = await crm.send('POST', `/duplicates/${pair.id}/dismiss`, {
    headers: { 'if-match': '"1"' },
  });
  expect(dismissed).toMatchObject({ status: 200, body: { status: 'dismissed', version: 2 } });
  expect(await crm.audited(pair.id)).toMatchObject([{ action: 'duplicate.dismissed' }]);
  expect(await duplicatesOf('contacts', one.id)).toEqual([]);
  await crm.send('PATCH', `/contacts/${one.id}`, { body: { first_name: 'Al' } });
  expect(await duplicatesOf('contacts', one.id)).toEqual([]);
  expect(await duplicatesOf('contacts', one.id, '?status=dismissed')).toHaveLength(1);
  const stale = await crm.send('POST', `/duplicates/${pair.id}/reopen`, { headers: { 'if-match': '"1"' } });
  expect(stale.status).toBe(412);
  await crm.send('POST', `/duplicates/${pair.id}/reopen`);
  expect(await duplicatesOf('contacts', one.id, '?status=any')).toMatchObject([{ status: 'open' }]);
  const unknown = await crm.send('POST', '/duplicates/01890a5d-ac96-774b-bcce-b302099a8057/dismiss');
  expect(unknown.body.code).toBe('DUPLICATE_NOT_FOUND');
});

test('lists of pairs are filtered, ordered by score, paged and counted', async () => {
  for (const last_name of ['Page One', 'Page Two', 'Page Three']) {
    await crm.create('contacts', { first_name: 'Paging', last_name });
    await crm.create('contacts', { first_name: 'Paging', last_name, phone: '030 5550001' });
  }
  const seen: Answer['body'][] = [];
  for (let cursor = ''; ;) {
    const { status, body } = await crm.send('GET', `/duplicates?limit=2&status=any${cursor}`);
    expect(status).toBe(200);
    seen.push(...body.items);
    if (body.next_cursor === null) break;
    cursor = `&cursor=${body.next_cursor}`;
  }
  const scores = seen.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((left, right) => right - left));
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  const filter = encodeURIComponent(JSON.stringify({ kind: 'contact', score: { gte: 50 } }));
  const { body } = await crm.send('GET', `/duplicates?status=any&count=true&filter=${filter}`);
  expect(body.count).toEqual({
    value: seen.filter(({ kind }) => kind === 'contact').length,
    estimated: false,
  });
  const refused = await crm.send('GET', '/duplicates?sort=reasons');
  expect(refused.body.faults[0].message).toContain('what can be sorted by: id, score, created_at');
});

test('what an import writes is found by the sweep, as what is written at a time is', async () => {
  const rows = Array.from({ length: 60 }, (_, index) => {
    const person = Math.floor(index / 2);
    return `import${index}@sweep.example,Given${person},Family${person},+49 30 77${String(person).padStart(5, '0')}`;
  });
  const file = `email,first_name,last_name,phone\n${rows.join('\n')}\n`;
  const { body: started } = await crm.send('POST', '/imports?object=contacts', { body: file });
  expect(await crm.importEnded(started.id)).toMatchObject({ rows_created: 60 });
  const concurrent = await Promise.all(
    Array.from({ length: 3 }, () => crm.create('contacts', { first_name: 'Same', last_name: 'Moment' })),
  );
  await swept();
  const found = `select from duplicate_pairs join contacts on contacts.id = low_id
    where first_name_key like 'given%' and score = 100`;
  expect(await countOf(found)).toBe(30);
  expect(await duplicatesOf('contacts', concurrent[0].id)).toHaveLength(2);
});

test('the full sweep finds what nothing was kept of, also when it is cut again and again', async () => {
  const rows = Array.from(
    { length: 3_000 },
    (_, index) => `cut${index}@cut.example,+49 30 66${String(index >> 1).padStart(5, '0')}`,
  );
  const { body: started } = await crm.send('POST', '/imports?object=contacts', {
    body: `email,phone\n${rows.join('\n')}\n`,
  });
  await crm.importEnded(started.id);
  await swept();
  const pairs = `select from duplicate_pairs join contacts on contacts.id = low_id where email like '%@cut.example'`;
  expect(await countOf(pairs)).toBe(1_500);
  await crm.database.query("delete from duplicate_pairs where status = 'open'");
  await crm.database.query('delete from match_keys');
  const { status } = await crm.send('POST', '/duplicates/sweep?all=true', { role: 'admin' });
  expect(status).toBe(202);
  for (let cut = 1; cut <= 3; cut += 1) {
    await eventually(async () => (await countOf('select from match_keys')) >= cut * 500 || undefined);
    await crm.reload();
  }
  await eventually(async () => (await countOf(pairs)) === 1_500 || undefined);
});

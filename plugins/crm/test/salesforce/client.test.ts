import { Secret } from '@orchestrall/sdk';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  abortQueryJob,
  createQueryJob,
  deleteQueryJob,
  getQueryJob,
  getQueryResults,
  isComplete,
} from '../../salesforce/client/bulk-query.ts';
import {
  closeIngestJob,
  createIngestJob,
  deleteIngestJob,
  getIngestJob,
  getIngestResults,
  uploadRows,
} from '../../salesforce/client/bulk-ingest.ts';
import { deletedSince } from '../../salesforce/client/deleted.ts';
import { describeObject, listObjects } from '../../salesforce/client/describe.ts';
import { queryAll } from '../../salesforce/client/query.ts';
import { soqlText } from '../../salesforce/client/soql.ts';
import { createRecords, updateRecords, writeCollection } from '../../salesforce/client/writes.ts';
import { FaultPlan } from './stand-in/faults.ts';
import { clientSecret, signIns, startHarness } from './support.ts';

const rowsOf = async (rows: AsyncIterable<object>): Promise<object[]> => Array.fromAsync(rows);

describe('signing in', () => {
  test.each(['client_credentials', 'jwt_bearer'] as const)(
    'by %s gives a session that requests share',
    async (by) => {
      await using harness = await startHarness();
      const transport = harness.transport({ sign_in: signIns[by] });
      await Promise.all([listObjects(transport), listObjects(transport)]);
      await listObjects(transport);
      const tokens = harness.standIn.requests.filter((each) => each === 'POST /services/oauth2/token');
      expect(tokens).toHaveLength(1);
    },
  );

  test('a session that has ended is renewed without the caller noticing', async () => {
    await using harness = await startHarness();
    const transport = harness.transport();
    await listObjects(transport);
    harness.standIn.expireSessions();
    expect((await listObjects(transport)).length).toBeGreaterThan(0);
    expect(harness.pauses).toEqual([]);
  });

  test('a session that is refused again at once is an error with a remedy', async () => {
    const faults = new FaultPlan();
    await using harness = await startHarness(faults);
    const transport = harness.transport();
    faults.queue('expired_session', /sobjects/, 2);
    await expect(listObjects(transport)).rejects.toMatchObject({ code: 'SALESFORCE_SESSION_REFUSED' });
  });

  test('refused credentials say which, and no error holds a secret', async () => {
    await using harness = await startHarness();
    const wrong = { ...signIns.client_credentials, client_secret: new Secret(`${clientSecret}x`) };
    const refused: unknown = await listObjects(harness.transport({ sign_in: wrong })).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({
      code: 'SALESFORCE_SIGN_IN_REFUSED',
      details: { error_code: 'invalid_client' },
    });
    expect(inspect(refused, { depth: 20 })).not.toContain(clientSecret);
    const other = { ...signIns.jwt_bearer, username: 'nobody@acme.example' };
    await expect(listObjects(harness.transport({ sign_in: other }))).rejects.toThrow("user hasn't approved");
    expect(() =>
      harness.transport({ sign_in: { ...signIns.jwt_bearer, private_key: new Secret('none') } }),
    ).toThrow(expect.objectContaining({ code: 'SALESFORCE_KEY_INVALID' }));
  });
});

describe('a fault', () => {
  test.each([
    'unavailable',
    'html',
    'broken_json',
    'cut_off',
    'reset',
    'answer_lost',
    'retry_after',
  ] as const)('%s that passes is waited out', async (kind) => {
    const faults = new FaultPlan();
    await using harness = await startHarness(faults);
    faults.queue(kind, /sobjects/, 2);
    expect((await listObjects(harness.transport())).map(({ name }) => name)).toContain('Account');
    expect(harness.pauses).toHaveLength(2);
    if (kind === 'retry_after') expect(harness.pauses).toEqual([7_000, 7_000]);
  });

  test.each([
    ['unavailable', 'SALESFORCE_UNAVAILABLE', 'status 503'],
    ['reset', 'SALESFORCE_UNAVAILABLE', 'in 6 attempts'],
    ['html', 'SALESFORCE_ANSWER_UNREADABLE', 'status 200 and an HTML page'],
    ['broken_json', 'SALESFORCE_ANSWER_UNREADABLE', 'JSON that is broken'],
  ] as const)('%s that lasts is %s and says what came', async (kind, code, message) => {
    const faults = new FaultPlan();
    await using harness = await startHarness(faults);
    faults.queue(kind, /sobjects/, 6);
    const error: unknown = await listObjects(harness.transport()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(error).toMatchObject({ message: expect.stringContaining('GET /sobjects') });
  });

  test('HTML in place of a token, and in place of CSV, is told as such', async () => {
    const faults = new FaultPlan();
    await using harness = await startHarness(faults);
    faults.queue('html', /token/, 6);
    const unreadable = { code: 'SALESFORCE_ANSWER_UNREADABLE' };
    await expect(listObjects(harness.transport())).rejects.toMatchObject(unreadable);
    const transport = harness.transport();
    harness.standIn.bulk.polls = 0;
    const { id } = await createQueryJob(transport, 'SELECT Id FROM Account');
    expect(isComplete(await getQueryJob(transport, id))).toBe(true);
    faults.queue('html', /results/, 6);
    await expect(getQueryResults(transport, id, { maxRecords: 10 })).rejects.toMatchObject(unreadable);
  });

  test('the limit of requests ends the work with a pause to keep, and some are left to others', async () => {
    await using harness = await startHarness(new FaultPlan(), 20);
    const transport = harness.transport();
    for (let count = 0; count < 18; count += 1) await listObjects(transport);
    const limit = { code: 'SALESFORCE_LIMIT_REACHED', status: 503, details: { used: 18, limit: 20 } };
    await expect(listObjects(transport)).rejects.toMatchObject(limit);
    expect(harness.standIn.requests).toHaveLength(19);
    harness.org.advance(600_000);
    await listObjects(transport);
    harness.standIn.use(10);
    harness.org.advance(600_000);
    await expect(listObjects(transport)).rejects.toMatchObject({ code: 'SALESFORCE_LIMIT_REACHED' });
  });

  test('what Salesforce refuses is told with its code and reason, and not tried again', async () => {
    await using harness = await startHarness();
    const transport = harness.transport();
    await expect(describeObject(transport, 'Nothing')).rejects.toMatchObject({
      code: 'SALESFORCE_REFUSED',
      details: { status: 400, error_code: 'INVALID_TYPE' },
    });
    expect(harness.pauses).toEqual([]);
    await expect(describeObject(transport, "x' OR")).rejects.toThrow('no name of an object');
  });
});

test('a query follows its cursor, keeps every digit of numbers, and escapes what it is given', async () => {
  await using harness = await startHarness();
  const transport = harness.transport();
  harness.standIn.queryRows = 2;
  const name = `O'Hara \\ "x"\n% _`;
  for (const each of [name, 'b', 'c', 'd', 'e']) harness.org.create('Account', { Name: each });
  expect(await queryAll(transport, 'SELECT Id, Name FROM Account ORDER BY Id')).toHaveLength(5);
  const found = await queryAll(transport, `SELECT Name FROM Account WHERE Name = ${soqlText(name)}`);
  expect(found).toEqual([{ Name: name }]);
  harness.org.create('Opportunity', {
    Name: 'Large',
    StageName: 'Prospecting',
    CloseDate: '2026-12-01',
    Amount: 1_234_567.5,
  });
  expect(await queryAll(transport, 'SELECT Amount FROM Opportunity')).toEqual([{ Amount: '1234567.5' }]);
});

test('a describe tells types, lengths and choices', async () => {
  await using harness = await startHarness();
  const { fields, keyPrefix } = await describeObject(harness.transport(), 'Account');
  expect(keyPrefix).toBe('001');
  expect(fields.find(({ name }) => name === 'Industry')).toMatchObject({
    type: 'picklist',
    picklistValues: expect.arrayContaining([{ value: 'Media', active: true }]),
  });
});

test('deletions are told as far as they are certain, and a log that was emptied is told', async () => {
  await using harness = await startHarness();
  const { org } = harness;
  const transport = harness.transport();
  const { id } = org.create('Account', { Name: 'Gone' });
  org.deleteLagMs = 900_000;
  const since = new Date(org.nowMs).toISOString();
  org.advance(120_000);
  org.delete('Account', id);
  org.advance(300_000);
  const until = (): string => new Date(org.nowMs).toISOString();
  const early = await deletedSince(transport, 'Account', since, until());
  expect(early).toMatchObject({ deletions: [], incomplete: false });
  org.advance(900_000);
  const late = await deletedSince(transport, 'Account', early.coveredUntil, until());
  expect(late.deletions).toMatchObject([{ id }]);
  org.purge();
  expect(await deletedSince(transport, 'Account', since, until())).toMatchObject({ incomplete: true });
  org.advance(20 * 86_400_000);
  expect(await deletedSince(transport, 'Account', since, until())).toMatchObject({ incomplete: true });
});

test('a record is changed only if nobody changed it since', async () => {
  await using harness = await startHarness();
  const { org } = harness;
  const transport = harness.transport();
  const ids = ['a', 'b', 'c', 'd'].map((Name) => org.create('Account', { Name }).id);
  const [plain = '', moved = '', locked = '', deleted = ''] = ids;
  const unmodifiedSince = new Date(org.nowMs).toISOString();
  org.advance(2_000);
  org.update('Account', moved, { Name: 'theirs' });
  org.locked.add(locked);
  org.delete('Account', deleted);
  const updates = ids.map((id) => ({ id, unmodifiedSince, fields: { Name: 'ours' } }));
  const results = await updateRecords(transport, '62.0', 'Account', [
    ...updates,
    { id: plain, unmodifiedSince: new Date(org.nowMs).toISOString(), fields: { Name: 'x'.repeat(256) } },
  ]);
  expect(results).toMatchObject([
    { outcome: 'written', id: plain },
    { outcome: 'changed' },
    { outcome: 'busy', reason: expect.stringContaining('UNABLE_TO_LOCK_ROW') },
    { outcome: 'gone' },
    { outcome: 'refused', reason: expect.stringContaining('STRING_TOO_LONG') },
  ]);
  expect(org.records.get(moved)?.fields['Name']).toBe('theirs');
});

test('a creation is made once however often it is sent, and duplicates are refused one by one', async () => {
  await using harness = await startHarness();
  const transport = harness.transport();
  const creations = ['1', '2'].map((key) => ({ key, fields: { LastName: key, Email: 'same@acme.example' } }));
  const create = async () => createRecords(transport, 'Contact', 'Orchestrall_Id__c', creations);
  const first = await create();
  expect(first).toMatchObject([
    { outcome: 'written' },
    { outcome: 'refused', reason: 'DUPLICATES_DETECTED: Use one of these records?' },
  ]);
  expect((await create())[0]).toEqual(first[0]);
  const many = Array.from({ length: 201 }, (_, index) => ({ LastName: `n${index}` }));
  expect(await writeCollection(transport, 'Contact', 'POST', many)).toHaveLength(201);
  expect(harness.org.visible('Contact')).toHaveLength(202);
});

describe('a Bulk API job', () => {
  test('gives its rows part by part, again from a locator, and can be taken away', async () => {
    await using harness = await startHarness();
    const transport = harness.transport();
    for (const Name of ['plain', 'with "quotes", commas', 'two\nlines'])
      harness.org.create('Account', { Name });
    const job = await createQueryJob(transport, 'SELECT Id, SystemModstamp, Name FROM Account');
    expect(isComplete(job)).toBe(false);
    while (!isComplete(await getQueryJob(transport, job.id)));
    const first = await getQueryResults(transport, job.id, { maxRecords: 2 });
    expect(await rowsOf(first.rows)).toMatchObject([{ Name: 'plain' }, { Name: 'with "quotes", commas' }]);
    const locator = first.nextLocator;
    for (let time = 0; time < 2; time += 1) {
      const second = await getQueryResults(transport, job.id, { locator, maxRecords: 2 });
      expect(await rowsOf(second.rows)).toMatchObject([{ Name: 'two\nlines' }]);
      expect(second.nextLocator).toBeUndefined();
    }
    await deleteQueryJob(transport, job.id);
    await expect(getQueryJob(transport, job.id)).rejects.toMatchObject({
      details: { error_code: 'NOT_FOUND' },
    });
  });

  test('that is stopped or fails throws why', async () => {
    await using harness = await startHarness();
    const transport = harness.transport();
    const job = await createQueryJob(transport, 'SELECT Id FROM Account');
    const aborted = await abortQueryJob(transport, job.id);
    expect(() => isComplete(aborted)).toThrow('ended as Aborted');
    await expect(createQueryJob(transport, 'SELECT BillingAddress FROM Account')).rejects.toThrow('compound');
  });

  test('writes rows, and tells which it took, refused and never came to', async () => {
    await using harness = await startHarness();
    const transport = harness.transport();
    const job = await createIngestJob(transport, { object: 'Contact', operation: 'insert' });
    const rows = [{ LastName: 'One, "quoted"\nline' }, { LastName: 'x'.repeat(81) }];
    await uploadRows(transport, job.id, ['LastName', 'FirstName'], rows);
    await closeIngestJob(transport, job.id, 'UploadComplete');
    while (!isComplete(await getIngestJob(transport, job.id)));
    const done = await rowsOf(await getIngestResults(transport, job.id, 'successfulResults'));
    expect(done).toMatchObject([{ sf__Created: 'true', LastName: 'One, "quoted"\nline' }]);
    const failed = await rowsOf(await getIngestResults(transport, job.id, 'failedResults'));
    expect(failed).toMatchObject([{ sf__Error: expect.stringContaining('STRING_TOO_LONG') }]);
    expect(await rowsOf(await getIngestResults(transport, job.id, 'unprocessedrecords'))).toEqual([]);
    await deleteIngestJob(transport, job.id);
  });
});

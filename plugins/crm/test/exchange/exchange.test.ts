import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrgRecord } from '../salesforce/stand-in/org.ts';
import { FaultPlan } from '../salesforce/stand-in/faults.ts';
import { eventually } from '../support.ts';
import { startConnected, startOutside } from './support.ts';
import type { Answer, Connected, Outside } from './support.ts';

/** Records of each object; `SYNC_RUNS=500` for the long form. */
const count = Math.max(60, Number(process.env['SYNC_RUNS'] ?? 0));
const pushed = { push: 'create_and_update', external_id_field: 'Orchestrall_Id__c' };

let outside: Outside;
let crm: Connected;
let accounts: OrgRecord[];
let adaId: unknown;

beforeAll(async () => {
  outside = await startOutside(new FaultPlan(7, 0.03));
  const { org } = outside;
  org.refusesDuplicates = false;
  const ada = org.create('User', {
    LastName: 'L',
    Username: 'ada',
    Email: 'ada@x.example',
    IsActive: true,
  });
  const stranger = org.create('User', { LastName: 'N', Username: 'nobody', IsActive: true });
  accounts = Array.from({ length: count }, (_, index) =>
    org.create('Account', {
      Name: `Account ${index}`,
      Website: index % 3 === 0 ? 'www.acme.example' : null,
      Phone: index === 7 ? '1' : '+49 30 1234',
      OwnerId: index % 2 === 0 ? ada.id : stranger.id,
    }),
  );
  for (const [index, { id }] of accounts.entries()) {
    // Two contacts may not have one e-mail here.
    const Email = index === 1 ? 'c0@x.example' : `c${index}@x.example`;
    org.create('Contact', { FirstName: 'Ada', LastName: `Contact ${index}`, Email, AccountId: id });
    const deal = org.create('Opportunity', {
      Name: `Deal ${index}`,
      AccountId: id,
      Amount: 1_000.5,
      StageName: index === 3 ? 'Prospecting' : 'Closed Won',
      CloseDate: '2026-12-24',
      Probability: 100,
    });
    org.create('Task', {
      Subject: index === 5 ? null : `Task ${index}`,
      Status: index % 2 === 0 ? 'Completed' : 'In Progress',
      ActivityDate: '2026-12-01',
      WhatId: deal.id,
    });
  }
  outside.tick();
  const { url } = outside.standIn;
  outside.standIn.bulk.partRows = 25;
  crm = await startConnected(url);
  const user = { name: 'ada', password: 'a long enough password', roles: ['operator'] };
  const made = await crm.appliance.request('POST', '/api/v1/system/users', { body: user });
  const kept: Answer['body'] = await made.json();
  if (made.status !== 201) throw new Error(JSON.stringify(kept));
  adaId = kept.user?.id ?? kept.id;
});
afterAll(async () => {
  await crm?.[Symbol.asyncDispose]();
  await outside?.[Symbol.asyncDispose]();
});

/** Runs until nothing waits to be given. */
async function settle(): Promise<void> {
  await eventually(async () => {
    const run = await crm.run();
    expect(run).toMatchObject({ status: 'completed', error: null });
    return (await crm.send('GET', '/sync')).body.waiting_changes === 0 ? true : undefined;
  });
}

async function listed(list: string, filter: object = {}): Promise<Answer['body'][]> {
  const asked = encodeURIComponent(JSON.stringify(filter));
  const { status, body } = await crm.send('GET', `/sync/${list}?limit=200&filter=${asked}`);
  expect(status).toBe(200);
  return body.items;
}

async function companyOf(account: OrgRecord | undefined): Promise<Answer['body']> {
  const [link] = await crm.database.query<{ local_id: string }>(
    'select local_id from sync_links where external_id = $1',
    [account?.id],
  );
  return (await crm.send('GET', `/companies/${link?.local_id}`)).body;
}

test('the preview shows what would go where with samples, and nothing is written', async () => {
  const { status, body } = await crm.send('POST', '/sync/mapping/preview', { samples: 2 });
  expect(status).toBe(200);
  expect(body).toMatchObject({ faults: [], strangers: ['nobody'] });
  const account = body.objects.find((each: { object: string }) => each.object === 'Account');
  expect(account.samples).toHaveLength(2);
  const website = { remote: 'Website', local: 'website' };
  expect(account.fields).toContainEqual(expect.objectContaining({ ...website, state: 'whole' }));
  expect(await crm.all('companies')).toEqual([]);
});

test('a load takes everything in the way that all records come, and lists what it could not take', async () => {
  const run = await crm.run();
  // Two contacts share an e-mail; a task without subject and text is none.
  expect(run).toMatchObject({ status: 'completed', records_created: 4 * count - 2, failures: [] });
  const companies = await crm.all('companies');
  expect(companies).toHaveLength(count);
  expect(companies.find(({ name }) => name === 'Account 0')).toMatchObject({
    website: 'https://www.acme.example',
  });
  expect(companies.find(({ name }) => name === 'Account 2').owner_id).toBe(adaId);
  expect(companies.find(({ name }) => name === 'Account 3').owner_id).toBeNull();
  const deal = (await crm.all('deals')).find(({ name }) => name === 'Deal 4');
  const company = companies.find(({ name }) => name === 'Account 4');
  expect(deal).toMatchObject({
    amount: '1000.50',
    company_id: company.id,
    expected_close_date: '2026-12-24',
  });
  const task = (await crm.all('activities')).find(({ subject }) => subject === 'Task 4');
  expect(task).toMatchObject({
    type: 'task',
    status: 'done',
    due_at: '2026-12-01T00:00:00.000Z',
    records: [{ kind: 'deal', id: deal.id, role: null }],
  });
  const rejections = await listed('rejections');
  const reasons = rejections.map(({ object, field }) => `${object} ${field}`);
  expect(new Set(reasons)).toEqual(new Set(['Account phone', 'Contact ', 'Opportunity stage', 'Task ']));
  const { items } = await crm.appliance.appliance.rooms.bus.history.query(
    { subject: company.id, limit: 10 },
    ['admin'],
  );
  expect(items.map(({ type }) => type)).toContain('company.created');
  const timeline = await crm.send('GET', `/companies/${company.id}/timeline`);
  expect(JSON.stringify(timeline.body)).toContain('salesforce');
});

test('what was rejected comes in once it is corrected and tried again', async () => {
  const [seventh] = await listed('rejections', { object: 'Account' });
  outside.org.update('Account', seventh.record_id, { Phone: '+49 30 777' });
  const answer = await crm.send('POST', '/sync/rejections/retry', { ids: [seventh.id] });
  expect(answer).toMatchObject({ status: 202, body: { rejections: 1 } });
  expect(await crm.ended(answer.body.run.id)).toMatchObject({ status: 'completed' });
  expect(await listed('rejections', { object: 'Account' })).toEqual([]);
  expect(await companyOf(accounts[7])).toMatchObject({ phone: '+49 30 777' });
  const none = await crm.send('POST', '/sync/rejections/retry', { ids: [seventh.id] });
  expect(none).toMatchObject({ status: 404, body: { code: 'SYNC_REJECTION_NOT_FOUND' } });
});

test('a mapping is kept for the version that was read, and only where it fits', async () => {
  const read = await crm.send('GET', '/sync/mapping');
  expect(read.body).toMatchObject({ overrides: {}, version: 1 });
  const put = async (overrides: object, headers: Record<string, string> = {}) =>
    crm.send('PUT', '/sync/mapping', { overrides }, headers);
  expect(await put({})).toMatchObject({ status: 428 });
  expect(await put({}, { 'if-match': '"7"' })).toMatchObject({
    status: 412,
    body: { details: { current: {} } },
  });
  const wrong = await put({ Contact: { fields: { Nope: 'phone' } } }, { 'if-match': '"1"' });
  expect(wrong).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  expect(JSON.stringify(wrong.body)).toContain('/overrides/Contact/fields/Nope');
  const kept = await put({ Account: pushed, Contact: pushed }, { 'if-match': '"1"' });
  expect(kept).toMatchObject({ status: 200, body: { version: 2 } });
  expect(kept.headers.get('etag')).toBe('"2"');
});

test('changes go both ways; one of both sides waits for a decision, and nothing is written over until then', async () => {
  await settle();
  const { org } = outside;
  const [first, second, third] = accounts;
  const [ours, conflicted, kept] = [await companyOf(first), await companyOf(second), await companyOf(third)];
  await crm.send('PATCH', `/companies/${ours.id}`, { phone: '+1 555 0100' });
  org.update('Account', second?.id ?? '', { Name: 'Theirs' });
  org.update('Account', third?.id ?? '', { Name: 'Theirs too' });
  await crm.send('PATCH', `/companies/${conflicted.id}`, { name: 'Ours' });
  await crm.send('PATCH', `/companies/${kept.id}`, { name: 'Ours too' });
  const made = await crm.send('POST', '/companies', { name: 'Made here' });
  await settle2();
  expect(org.records.get(first?.id ?? '')?.fields['Phone']).toBe('+1 555 0100');
  const there = org.visible('Account').find(({ fields }) => fields['Name'] === 'Made here');
  expect(there?.fields['Orchestrall_Id__c']).toBe(made.body.id);
  const conflicts = await listed('conflicts', { resolution: null });
  expect(conflicts.map(({ local, remote }) => `${local} - ${remote}`).toSorted()).toEqual([
    'Ours - Theirs',
    'Ours too - Theirs too',
  ]);
  expect(await companyOf(second)).toMatchObject({ name: 'Ours' });
  expect(org.records.get(second?.id ?? '')?.fields['Name']).toBe('Theirs');
  const events = await crm.appliance.appliance.rooms.bus.history.query(
    { subject: conflicted.id, limit: 100 },
    ['admin'],
  );
  const told = events.items.filter(({ type }) => type === 'sync.conflicted');
  expect(told).toHaveLength(1);
  expect(JSON.stringify(told)).not.toContain('Theirs');
  for (const [side, local] of [
    ['local', 'Ours'],
    ['remote', 'Ours too'],
  ]) {
    const conflict = conflicts.find((each) => each.local === local);
    const decided = await crm.send('POST', `/sync/conflicts/${conflict.id}/decide`, { side });
    expect(decided.status).toBe(202);
    await crm.ended(decided.body.id);
  }
  await settle2();
  expect(org.records.get(second?.id ?? '')?.fields['Name']).toBe('Ours');
  expect(await companyOf(third)).toMatchObject({ name: 'Theirs too' });
  expect(await listed('conflicts', { resolution: null })).toEqual([]);
});

/** What changed there within the second of a comparison waits for a later run. */
async function settle2(): Promise<void> {
  await eventually(async () => {
    expect(await crm.run()).toMatchObject({ status: 'completed' });
    const { body } = await crm.send('GET', '/sync');
    const open = (await listed('conflicts', { resolution: null })).length;
    return body.waiting_changes <= open ? true : undefined;
  });
}

test('deletions of either side are told; what is deleted here is not made again', async () => {
  const { org } = outside;
  const [gone, removed] = [accounts[10], accounts[11]];
  const [there, here] = [await companyOf(gone), await companyOf(removed)];
  org.delete('Account', gone?.id ?? '');
  const answer = await crm.send('DELETE', `/companies/${here.id}?unlink=true`);
  expect(answer.status).toBe(204);
  await settle2();
  expect((await crm.send('GET', `/companies/${there.id}`)).status).toBe(404);
  const deletions = await listed('deletions', { local_id: { in: [there.id, here.id] } });
  expect(deletions.map(({ side, kind, local_id }) => `${side} ${kind} ${local_id}`).toSorted()).toEqual([
    `here companies ${here.id}`,
    `there companies ${there.id}`,
  ]);
  const [conflict] = await listed('conflicts', { reason: 'deleted_here' });
  expect(conflict).toMatchObject({ local_id: here.id, field: '' });
  expect(org.records.get(removed?.id ?? '')?.isDeleted).toBe(false);
});

test('a long Retry-After lets the run wait without a job, and health says so; it goes on by itself then', async () => {
  outside.faults.queue('retry_in_an_hour', /\/limits$/);
  const { body } = await crm.send('POST', '/sync/runs', {});
  const waiting = await eventually(async () => {
    const run = (await crm.send('GET', `/sync/runs/${body.id}`)).body;
    return run.status === 'waiting' ? run : undefined;
  });
  expect(waiting).toMatchObject({ code: 'SALESFORCE_UNAVAILABLE', finished_at: null });
  expect(Date.parse(waiting.wait_until) - Date.now()).toBeGreaterThan(3_000_000);
  const health = await (await crm.appliance.request('GET', '/health')).json();
  expect(JSON.stringify(health)).toContain('the exchange waits until');
  const requests = outside.standIn.requests.length;
  expect(await crm.send('POST', '/sync/runs', {})).toMatchObject({
    body: { id: body.id, status: 'waiting' },
  });
  const loading = await crm.send('POST', '/sync/runs', { load: true });
  expect(loading).toMatchObject({ status: 409, body: { code: 'SYNC_RUNNING' } });
  expect(outside.standIn.requests).toHaveLength(requests);
  await crm.database.query("update sync_connection set wait_until = now() - interval '1 second'");
  await crm.send('POST', '/sync/runs', {});
  expect(await crm.ended(body.id)).toMatchObject({ status: 'completed', code: null });
});

test('a Salesforce that answers HTML fails the run with what to look at, and the next one goes on', async () => {
  outside.faults.queue('html', /\/limits$/, 6);
  const failed = await crm.run();
  expect(failed).toMatchObject({ status: 'failed', code: 'SALESFORCE_ANSWER_UNREADABLE' });
  const { body } = await crm.send('GET', '/sync');
  expect(body.last_run).toMatchObject({ code: 'SALESFORCE_ANSWER_UNREADABLE' });
  const { items } = await crm.appliance.appliance.rooms.bus.history.query({ subject: failed.id, limit: 10 }, [
    'admin',
  ]);
  expect(items.map(({ type }) => type)).toEqual(['sync.failed']);
  expect(await crm.run()).toMatchObject({ status: 'completed' });
});

test('nobody but an administrator sees or starts anything of it', async () => {
  for (const path of ['', '/runs', '/mapping', '/conflicts', '/rejections', '/deletions']) {
    const answer = await crm.appliance.request('GET', `/api/v1/crm/sync${path}`, { role: 'operator' });
    expect(answer.status, path).toBe(403);
  }
});

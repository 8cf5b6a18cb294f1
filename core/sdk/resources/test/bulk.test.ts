import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TestAppliance } from '../../../testing/appliance.ts';
import { eraseBulkChanges } from '../bulk/erase.ts';
import { allParcels, ask, createParcel, ended, parcels, startDepot } from './depot.ts';

let world: TestAppliance;

beforeAll(async () => {
  world = await startDepot();
});
afterAll(() => world?.[Symbol.asyncDispose]());
beforeEach(async () => {
  await depot().query('delete from parcels');
});

const depot = () => world.appliance.rooms.database.forPlugin('depot');
const bulk = async (body: object, headers: Record<string, string> = {}) =>
  ask(world, 'POST', `${parcels}/bulk`, { body, headers });

/** Parcels `p00001` to `p<count>`, each of weight 1. */
async function fill(count: number): Promise<void> {
  await depot().query(
    `insert into parcels (id, code, code_key, weight)
    select gen_random_uuid(), code, code, 1
    from (select 'p' || lpad(number::text, 5, '0') as code from generate_series(1, $1) number) as made`,
    [count],
  );
}

/** Begins a bulk change and waits until it has ended. */
async function carryOut(body: object) {
  const begun = await bulk(body);
  expect(begun, JSON.stringify(begun.body)).toMatchObject({
    status: 202,
    body: { status: 'queued', matched: null },
  });
  const location = begun.headers.get('location') ?? '';
  expect(location).toBe(`${parcels}/bulk/${String(begun.body['id'])}`);
  return { location, change: await ended(world, location) };
}

async function undo(location: string) {
  const answer = await ask(world, 'POST', `${location}/undo`);
  expect(answer).toMatchObject({ status: 202, body: { status: 'undoing', finished_at: null } });
  return ended(world, location);
}

const itemsOf = async (
  location: string,
): Promise<{ record_id: string; outcome: string; reason: string }[]> => {
  const { body } = await ask(world, 'GET', `${location}/items`);
  return body['items'] as never;
};

test('changes all records of a filter and those only, each with its event and its next version', async () => {
  await fill(1_203);
  await depot().query(`update parcels set weight = 2 where code <= 'p00003'`);
  const { change } = await carryOut({
    action: 'update',
    filter: { weight: 1 },
    patch: { weight: 5, count: 7 },
  });
  expect(change).toMatchObject({
    status: 'completed',
    matched: 1_200,
    changed: 1_200,
    unchanged: 0,
    failed: 0,
  });
  const all = await allParcels(world);
  expect(
    all.filter(({ weight, count, version }) => weight === 5 && count === 7 && version === 2),
  ).toHaveLength(1_200);
  expect(all.filter(({ weight, version }) => weight === 2 && version === 1)).toHaveLength(3);
  const told = await world.appliance.rooms.database.core()
    .query(`select from core.events where type = 'parcel.updated'
      union all select from core.outbox where type = 'parcel.updated'`);
  expect(told).toHaveLength(1_200);
});

test('the preview counts, shows the first 20 with what would change or why not, and changes nothing', async () => {
  await fill(30);
  const { body } = await bulk({ action: 'update', filter: {}, patch: { weight: 5 }, preview: true });
  expect(body['count']).toEqual({ value: 30, estimated: false });
  expect(body['items']).toHaveLength(20);
  expect((body['items'] as object[])[0]).toEqual({
    id: expect.any(String),
    changes: { weight: { from: 1, to: 5 } },
  });
  const clash = await bulk({
    action: 'update',
    filter: { weight: 1 },
    patch: { code: 'P00001' },
    preview: true,
  });
  expect(
    (clash.body['items'] as { refused?: string }[]).filter(({ refused }) => refused !== undefined).length,
  ).toBeGreaterThan(18);
  const gone = await bulk({ action: 'delete', filter: { code: 'p00001' }, preview: true });
  expect(gone).toMatchObject({ status: 200, body: { items: [{ record: { code: 'p00001' } }] } });
  const all = await allParcels(world);
  expect(all.map(({ version, weight }) => [version, weight])).toEqual(all.map(() => [1, 1]));
  expect((await ask(world, 'GET', `${parcels}/bulk?limit=1`)).status).toBe(200);
});

test('records that cannot be changed are listed with the reason, and the others are changed', async () => {
  await fill(300);
  const { location, change } = await carryOut({ action: 'update', filter: {}, patch: { code: 'same' } });
  expect(change).toMatchObject({ status: 'completed', matched: 300, changed: 1, failed: 299 });
  const refused = await itemsOf(location);
  expect(refused).toHaveLength(50);
  expect(refused[0]).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('unique constraint'),
  });
});

test('an undo puts changed records back, and leaves alone and lists those that were changed or deleted since', async () => {
  await fill(10);
  const { location } = await carryOut({ action: 'update', filter: {}, patch: { weight: 9, count: 1 } });
  const [first, second] = await allParcels(world, { sort: 'code' });
  const headers = { 'if-match': '*' };
  await ask(world, 'PATCH', `${parcels}/${first?.id}`, { body: { count: 5 }, headers });
  await ask(world, 'DELETE', `${parcels}/${second?.id}`, { headers });
  expect(await undo(location)).toMatchObject({ status: 'undone', changed: 10, undone: 8, kept: 2 });
  expect(await itemsOf(location)).toEqual(
    expect.arrayContaining([
      {
        record_id: first?.id,
        outcome: 'kept',
        reason: 'it was changed since: it is at version 3, the bulk change left it at 2',
      },
      { record_id: second?.id, outcome: 'kept', reason: 'it was deleted since, or is out of sight' },
    ]),
  );
  const all = await allParcels(world, { sort: 'code' });
  expect(all).toHaveLength(9);
  expect(all.map(({ weight, count }) => [weight, count])).toEqual([
    [9, 5],
    ...all.slice(1).map(() => [1, null]),
  ]);
  const again = await ask(world, 'POST', `${location}/undo`);
  expect(again).toMatchObject({ status: 409, body: { code: 'BULK_CHANGE_NOT_UNDOABLE' } });
});

test('deleted records come back under their ids, but for one whose code was taken since', async () => {
  await fill(600);
  const before = await allParcels(world, { sort: 'code' });
  const { location, change } = await carryOut({ action: 'delete', filter: { code: { starts_with: 'p' } } });
  expect(change).toMatchObject({ status: 'completed', matched: 600, changed: 600 });
  expect(await allParcels(world)).toEqual([]);
  await createParcel(world, { code: 'P00001' });
  expect(await undo(location)).toMatchObject({ status: 'undone', undone: 599, kept: 1 });
  const after = await allParcels(world, { sort: 'code' });
  expect(after.slice(1).map(({ id, code, weight }) => ({ id, code, weight }))).toEqual(
    before.slice(1).map(({ id, code, weight }) => ({ id, code, weight })),
  );
  expect(new Set(after.slice(1).map(({ version }) => version))).toEqual(new Set([2]));
});

test('a cancelled change keeps what it has done, and that can be undone', async () => {
  await fill(5_000);
  const begun = await bulk({ action: 'update', filter: {}, patch: { weight: 3 } });
  const location = begun.headers.get('location') ?? '';
  // Once some of it is done.
  for (;;) {
    const { body } = await ask(world, 'GET', location);
    if (Number(body['changed']) > 0) break;
  }
  const cancelled = await ask(world, 'POST', `${location}/cancel`);
  expect(cancelled).toMatchObject({
    status: 200,
    body: { status: 'cancelled', finished_at: expect.any(String) },
  });
  const changed = Number(cancelled.body['changed']);
  expect(changed).toBeGreaterThan(0);
  expect(changed).toBeLessThan(5_000);
  expect(await ask(world, 'POST', `${location}/cancel`)).toMatchObject({
    status: 409,
    body: { code: 'BULK_CHANGE_ENDED' },
  });
  expect(await allParcels(world, { filter: '{"weight":3}' })).toHaveLength(changed);
  expect(await undo(location)).toMatchObject({ status: 'undone', undone: changed, kept: 0 });
  expect(await allParcels(world, { filter: '{"weight":3}' })).toHaveLength(0);
});

test('a change that moves records out of its own filter, or into it, meets each once', async () => {
  await fill(700);
  const { change } = await carryOut({
    action: 'update',
    filter: { weight: { lt: 2 } },
    patch: { weight: 0 },
  });
  expect(change).toMatchObject({ matched: 700, changed: 700 });
  expect(new Set((await allParcels(world)).map(({ version }) => version))).toEqual(new Set([2]));
});

/** Runs the sweep of parcels and waits for its end. */
async function sweep(): Promise<void> {
  const core = world.appliance.rooms.database.core();
  await core.query(`update core.jobs set run_at = now() where name = 'bulk-sweep.parcel'`);
  await core.query(
    `select core.enqueue_jobs('depot', jsonb_build_array(jsonb_build_object('id', $1::uuid, 'name', 'bulk-sweep.parcel',
      'priority', 9, 'payload', '{}'::jsonb, 'scope', '{}'::jsonb)))`,
    [randomUUID()],
  );
  for (;;) {
    const left = await core.query(`select from core.jobs where name = 'bulk-sweep.parcel'`);
    if (left.length === 0) return;
    await pause(20);
  }
}

test('once no undo may be asked for, the states from before are forgotten and the failures stay', async () => {
  await fill(300);
  const { location, change } = await carryOut({ action: 'update', filter: {}, patch: { code: 'swept' } });
  expect(change).toMatchObject({ changed: 1, failed: 299 });
  await depot().query(`update bulk_changes set undo_until = now() - interval '1 second' where id = $1`, [
    change['id'],
  ]);
  const late = await ask(world, 'POST', `${location}/undo`);
  expect(late).toMatchObject({
    status: 409,
    body: { code: 'BULK_CHANGE_NOT_UNDOABLE', detail: expect.stringContaining('the time for it is over') },
  });
  await sweep();
  const kept = await depot().query('select outcome, before from bulk_items where bulk_id = $1', [
    change['id'],
  ]);
  expect(kept).toHaveLength(299);
  expect(new Set(kept.map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
  expect(await itemsOf(location)).toHaveLength(50);
  await depot().query(`update bulk_changes set finished_at = now() - interval '31 days' where id = $1`, [
    change['id'],
  ]);
  await sweep();
  expect((await ask(world, 'GET', location)).status).toBe(404);
  expect(await depot().query('select from bulk_items where bulk_id = $1', [change['id']])).toEqual([]);
});

test('a bulk change whose job is gone is ended by the sweep, which says so', async () => {
  await depot().query(
    `insert into bulk_changes (id, resource, action, request, patch, status, caller, job_id)
    select $1, 'parcel', 'update', '{"filter":{}}', '{"weight":1}', 'running', caller, $1 from bulk_changes limit 1`,
    ['018f0000-0000-7000-8000-00000000abcd'],
  );
  await sweep();
  const { body } = await ask(world, 'GET', `${parcels}/bulk/018f0000-0000-7000-8000-00000000abcd`);
  expect(body).toMatchObject({ status: 'failed', reason: 'its job has ended without it: it is gone' });
});

test('an erasure reaches what records were before and what was asked for, once that has ended', async () => {
  await createParcel(world, { code: 'Ada "Lovelace"', weight: 3 });
  await fill(2);
  const { location, change } = await carryOut({
    action: 'update',
    filter: { code: 'ADA "LOVELACE"' },
    patch: { code: 'somebody' },
  });
  expect(change).toMatchObject({ matched: 1, changed: 1 });
  const all = await allParcels(world);
  const ids = all.map(({ id }) => id);
  const erased = await depot().transaction((tx) =>
    eraseBulkChanges(tx, { ids, texts: ['ada "lovelace"', ''] }),
  );
  expect(erased).toEqual({ items: 1, changes: 1, underWay: [] });
  expect((await ask(world, 'GET', location)).body).toMatchObject({ filter: {}, patch: {} });
  expect(await undo(location)).toMatchObject({ undone: 0, kept: 1 });
  const stored = await depot().query(
    `select bulk_changes::text, bulk_items::text from bulk_changes, bulk_items`,
  );
  expect(JSON.stringify(stored)).not.toContain('Lovelace');
  await depot().query(`update bulk_changes set finished_at = null where id = $1`, [change['id']]);
  const again = await depot().transaction((tx) => eraseBulkChanges(tx, { ids: [], texts: ['FILTER'] }));
  expect(again.underWay).toContain(change['id']);
  await depot().query(`update bulk_changes set finished_at = now() where id = $1`, [change['id']]);
});

test('the same key begins one change', async () => {
  await fill(3);
  const headers = { 'idempotency-key': randomUUID() };
  const body = { action: 'update', filter: {}, patch: { weight: 4 } };
  const [one, two] = [await bulk(body, headers), await bulk(body, headers)];
  expect([one.status, two.status]).toEqual([202, 202]);
  expect(two.body['id']).toBe(one.body['id']);
  await ended(world, one.headers.get('location') ?? '');
});

/** An access token of an operator who is not the local one. */
async function tokenOfAnother(): Promise<string> {
  const made = await ask(world, 'POST', '/api/v1/system/clients', {
    body: { client_id: 'other', roles: ['operator'] },
  });
  const answer = await fetch(`${world.url}/realms/orchestrall/protocol/openid-connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`other:${String(made.body['secret'])}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  return access_token;
}

test.each([
  [{ action: 'update', filter: {} }, '/patch'],
  [{ action: 'update', filter: {}, patch: {} }, '/patch'],
  [{ action: 'delete', filter: {}, patch: { weight: 1 } }, '/patch'],
  [{ action: 'update', patch: { weight: 1 } }, '/filter'],
  [{ action: 'destroy', filter: {} }, '/action'],
  [{ action: 'delete', filter: { colour: 1 } }, '/filter/colour'],
  [{ action: 'delete', filter: { colour: 1 }, preview: true }, '/filter/colour'],
  [{ action: 'update', filter: {}, patch: { colour: 1 } }, '/patch/colour'],
  [{ action: 'update', filter: {}, patch: { weight: 'heavy' } }, '/patch/weight'],
])('refuses %j at %s and begins nothing', async (body, path) => {
  const answer = await bulk(body);
  expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  expect(JSON.stringify(answer.body['faults'])).toContain(`"path":"${path}"`);
});

test('bulk changes are for who may write, and seen by who asked and by administrators', async () => {
  await fill(1);
  const { location, change } = await carryOut({ action: 'update', filter: {}, patch: { weight: 2 } });
  expect((await world.request('GET', location, { role: 'viewer' })).status).toBe(403);
  expect((await world.request('POST', `${parcels}/bulk`, { role: 'viewer', body: {} })).status).toBe(403);
  const authorization = `Bearer ${await tokenOfAnother()}`;
  const other = { headers: { authorization } };
  expect(await ask(world, 'GET', location, other)).toMatchObject({
    status: 404,
    body: { code: 'BULK_CHANGE_NOT_FOUND' },
  });
  expect((await ask(world, 'POST', `${location}/undo`, other)).status).toBe(404);
  expect((await ask(world, 'GET', `${location}/items`, other)).status).toBe(404);
  expect((await ask(world, 'GET', `${parcels}/bulk`, other)).body).toEqual({ items: [], next_cursor: null });
  const listed = await ask(world, 'GET', `${parcels}/bulk`);
  expect((listed.body['items'] as object[])[0]).toEqual(change);
});

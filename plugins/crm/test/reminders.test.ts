import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reminderJob } from '../activities/reminders.ts';
import { eventually, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const past = '2020-01-01T00:00:00.000Z';
const earlier = '2019-01-01T00:00:00.000Z';
const future = '2999-01-01T00:00:00.000Z';

const create = async (fields: object) =>
  (await crm.send('POST', '/activities', { body: { type: 'task', subject: 'Remind', ...fields } })).body;
const patch = (id: string, body: object) => crm.send('PATCH', `/activities/${id}`, { body });

/** What the schedule does every minute. */
async function remind(): Promise<void> {
  const id = await crm.database.transaction(async (tx) => tx.enqueue(reminderJob, {}));
  await eventually(async () => {
    const response = await crm.appliance.request('GET', `/api/v1/system/jobs/${id}`);
    return JSON.parse(await response.text()).status === 'completed' ? true : undefined;
  });
}

/** The reminders told of an activity; its change afterwards is waited for, so that none can still be under way. */
async function toldOf(id: string): Promise<unknown[]> {
  const { body } = await patch(id, { outcome: null, tags: [`seen ${Math.random()}`.slice(0, 20)] });
  const events = await eventually(async () => {
    const all = await crm.events(id, 1);
    const last = all.findLast(({ type }) => type === 'activity.updated');
    return JSON.stringify(last?.data ?? '').includes(`"version":${body.version}`) ? all : undefined;
  });
  return events
    .filter(({ type }) => type === 'activity.reminder_due')
    .map(({ data }) => (data as { activity: { reminder_at: string } }).activity.reminder_at);
}

describe('a reminder', () => {
  test('is told once, however often the job runs and CRM is loaded anew', async () => {
    const { id } = await create({ reminder_at: past });
    await remind();
    await crm.reload();
    await remind();
    expect(await toldOf(id)).toEqual([past]);
  });

  test('is told by one of several runs at a time', async () => {
    const tasks = await Promise.all(Array.from({ length: 12 }, () => create({ reminder_at: past })));
    await Promise.all([remind(), remind(), remind()]);
    for (const { id } of tasks) expect(await toldOf(id)).toEqual([past]);
  });

  test('that is set for later is not told yet; one that is changed is told as another one', async () => {
    const { id } = await create({ reminder_at: future });
    await remind();
    expect(await toldOf(id)).toEqual([]);
    await patch(id, { reminder_at: earlier });
    await remind();
    expect(await toldOf(id)).toEqual([earlier]);
    await patch(id, { reminder_at: past });
    await remind();
    await remind();
    expect(await toldOf(id)).toEqual([earlier, past]);
  });

  test('that was taken back, or whose task is done, cancelled or deleted, is not told', async () => {
    const [cleared, done, cancelled, gone] = await Promise.all(
      [1, 2, 3, 4].map(() => create({ reminder_at: past })),
    );
    await patch(cleared.id, { reminder_at: null });
    await patch(done.id, { status: 'done' });
    await patch(cancelled.id, { status: 'cancelled' });
    await crm.send('DELETE', `/activities/${gone.id}`);
    await remind();
    for (const { id } of [cleared, done, cancelled]) expect(await toldOf(id)).toEqual([]);
    const events = await crm.events(gone.id, 2);
    expect(events.map(({ type }) => type)).toEqual(['activity.created', 'activity.deleted']);
  });

  test('of a call or a meeting is told as well, and leaves the version as it is', async () => {
    const { id } = await create({ type: 'call', subject: 'Ring', reminder_at: past });
    await remind();
    expect((await crm.send('GET', `/activities/${id}`)).body.version).toBe(1);
    expect(await toldOf(id)).toEqual([past]);
  });
});

const rule = (records: 'own' | 'all') => ({ records, hidden: [], read_only: [] });

test('a reminder is shown to those alone who may see its activity', async () => {
  await using ruled = await startCrm({
    access: { viewer: { activities: rule('own') }, operator: { activities: rule('all') } },
  });
  const ada = await ruled.user('ada');
  const { body } = await ruled.send('POST', '/activities', {
    body: { type: 'task', subject: 'Hidden', owner_id: ada, reminder_at: past },
  });
  await ruled.database.transaction(async (tx) => tx.enqueue(reminderJob, {}));
  await ruled.events(body.id, 2);
  const { bus } = ruled.appliance.appliance.rooms;
  const seenBy = async (...principals: string[]) => {
    const { items } = await bus.history.query({ subject: body.id, limit: 10 }, principals);
    return items.map(({ type }) => type).toSorted();
  };
  const both = ['activity.created', 'activity.reminder_due'];
  expect(await seenBy('operator')).toEqual(both);
  expect(await seenBy('viewer')).toEqual([]);
  expect(await seenBy('viewer', `user:${ada}`, `viewer@user:${ada}`)).toEqual(both);
});

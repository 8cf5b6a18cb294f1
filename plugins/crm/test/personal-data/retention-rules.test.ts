import { afterAll, beforeAll, expect, test } from 'vitest';
import { retentionJob } from '../../personal-data/retention/run.ts';
import { eventually, startCrm } from '../support.ts';
import type { CrmAppliance } from '../support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({
    retention: {
      contacts: { inactive_days: 30, action: 'erase', per_night: 1_000 },
      activities: { older_than_days: 60, per_night: 10_000 },
      timeline: { older_than_days: 90, per_night: 100_000 },
    },
  });
});
afterAll(() => crm[Symbol.asyncDispose]());

const admin = async (method: string, path: string, body?: object) =>
  crm.send(method, path, { role: 'admin', body });
const contact = async (email: string) => (await admin('POST', '/contacts', { email })).body.id;
const age = async (id: string, days: number): Promise<void> => {
  await crm.database.query(
    'update contacts set updated_at = now() - make_interval(days => $2) where id = $1',
    [id, days],
  );
  await crm.database.query(
    'update timeline_entries set occurred_at = now() - make_interval(days => $2) where subject_id = $1',
    [id, days],
  );
};

test('a night erases who has been inactive, tried out before, and nobody with an open deal or a recent activity', async () => {
  const [idle, busy, selling, recent] = [
    await contact('idle@retention.example'),
    await contact('busy@retention.example'),
    await contact('selling@retention.example'),
    await contact('recent@retention.example'),
  ];
  for (const id of [idle, busy, selling]) await age(id, 31);
  await age(recent, 29);
  await admin('POST', '/activities', {
    type: 'note',
    body: 'called',
    records: [{ kind: 'contact', id: busy }],
  });
  const deal = (await admin('POST', '/deals', { name: 'Open' })).body;
  await admin('PUT', `/deals/${deal.id}/associations/contact/${selling}`, {});
  const old = '2020-01-05T10:00:00Z';
  const about = [{ kind: 'contact', id: recent }];
  const call = (
    await admin('POST', '/activities', { type: 'call', subject: 'old', starts_at: old, records: about })
  ).body;
  const kept = (
    await admin('POST', '/activities', {
      type: 'call',
      subject: 'of an open deal',
      starts_at: old,
      records: [{ kind: 'deal', id: deal.id }],
    })
  ).body;

  const { body: report } = await admin('GET', '/retention');
  expect(report.rules).toMatchObject([
    { rule: 'contacts', action: 'erase', due: 1 },
    { rule: 'activities', action: 'delete', due: 1 },
    { rule: 'timeline', action: 'delete', due: 0 },
  ]);
  expect((await admin('GET', `/contacts/${idle}`)).status).toBe(200);

  await crm.database.transaction(async (tx) => tx.enqueue(retentionJob, {}));
  const [run] = await eventually(async () => {
    const { body } = await admin('GET', '/retention');
    return body.runs.length > 0 ? body.runs : undefined;
  });
  expect(run.counts).toEqual({ contacts: 1, activities: 1, timeline: 0 });
  await eventually(async () => {
    const { body } = await admin('GET', '/erasures');
    return body.items[0]?.status === 'completed' ? true : undefined;
  });
  const statuses = [];
  for (const id of [idle, busy, selling, recent])
    statuses.push((await admin('GET', `/contacts/${id}`)).status);
  expect(statuses).toEqual([404, 200, 200, 200]);
  expect((await admin('GET', `/activities/${call.id}`)).status).toBe(404);
  expect((await admin('GET', `/activities/${kept.id}`)).status).toBe(200);
  expect(await crm.audited(run.id)).toMatchObject([{ action: 'retention.applied' }]);
});

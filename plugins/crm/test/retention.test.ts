import { createId } from '@orchestrall/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepJob } from '../imports/jobs.ts';
import { eventually, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ import_retention_days: 7 });
});
afterAll(() => crm[Symbol.asyncDispose]());

/** What the schedule does every ten minutes. */
async function sweep(): Promise<void> {
  const id = await crm.database.transaction(async (tx) => tx.enqueue(sweepJob, {}));
  await eventually(async () => {
    const response = await crm.appliance.request('GET', `/api/v1/system/jobs/${id}`);
    return JSON.parse(await response.text()).status === 'completed' ? true : undefined;
  });
}

async function importFile(): Promise<string> {
  const { body } = await crm.send('POST', '/imports?object=contacts', { body: 'email\na@b.example\nnone\n' });
  await crm.importEnded(body.id);
  return body.id;
}

test('the stored file of an import goes with its end; the import and its refused rows stay for the days set', async () => {
  const [old, recent] = [await importFile(), await importFile()];
  expect(await crm.database.query('select 1 from import_chunks')).toEqual([]);
  const age = `update imports set finished_at = finished_at - make_interval(days => $2) where id = $1`;
  await crm.database.query(age, [old, 8]);
  await crm.database.query(age, [recent, 6]);
  await sweep();
  expect((await crm.send('GET', `/imports/${old}`)).body.code).toBe('IMPORT_NOT_FOUND');
  expect((await crm.send('GET', `/imports/${old}/errors`)).status).toBe(404);
  expect((await crm.send('GET', `/imports/${recent}`)).body).toMatchObject({ rows_failed: 1 });
  expect(await crm.database.query('select import_id from import_errors')).toEqual([{ import_id: recent }]);
});

test('an import that nobody starts for a day is cancelled, with its file', async () => {
  const query = '/imports?object=contacts&start=false';
  const ids: string[] = [];
  for (const hours of [25, 23]) {
    const { body } = await crm.send('POST', query, { body: 'email\nw@waiting.example\n' });
    const age = 'update imports set updated_at = updated_at - make_interval(hours => $2) where id = $1';
    await crm.database.query(age, [body.id, hours]);
    ids.push(body.id);
  }
  await sweep();
  const [old = '', recent = ''] = ids;
  expect((await crm.send('GET', `/imports/${old}`)).body).toMatchObject({
    status: 'cancelled',
    reason: 'it was not started within 24 hours',
  });
  expect((await crm.send('GET', `/imports/${recent}`)).body).toMatchObject({ status: 'uploaded' });
  const chunks = await crm.database.query('select import_id from import_chunks');
  expect(chunks).toEqual([{ import_id: recent }]);
  await crm.send('POST', `/imports/${recent}/cancel`);
});

test('what an upload left that was cut by the end of its process is swept after an hour, and never seen', async () => {
  const [old, recent] = [createId(), createId()];
  for (const [id, minutes] of [
    [old, 61],
    [recent, 59],
  ] as const) {
    await crm.database.query(
      `insert into imports (id, object, key, status, updated_at)
        values ($1, 'contacts', 'email', 'uploading', now() - make_interval(mins => $2))`,
      [id, minutes],
    );
    await crm.database.query(`insert into import_chunks values ($1, 0, 'email')`, [id]);
  }
  expect((await crm.send('GET', `/imports/${recent}`)).body.code).toBe('IMPORT_NOT_FOUND');
  await sweep();
  expect(await crm.database.query('select import_id from import_chunks')).toEqual([{ import_id: recent }]);
  await crm.database.query('delete from imports where id = $1', [recent]);
});

test('an import whose job is gone is ended by the sweep, and its file given up', async () => {
  const id = createId();
  await crm.database.query(
    `insert into imports (id, object, key, status, job_id) values ($1, 'contacts', 'email', 'running', $2)`,
    [id, createId()],
  );
  await crm.database.query(`insert into import_chunks values ($1, 0, 'email')`, [id]);
  await sweep();
  expect(await crm.database.query('select 1 from import_chunks')).toEqual([]);
  const [ended] = await crm.events(id, 1);
  expect(ended).toMatchObject({ type: 'import.failed', data: { reason: 'its job is no longer known' } });
});

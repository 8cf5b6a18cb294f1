import { defineEvent, defineJob } from '@orchestrall/sdk';
import Type from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';

const owner = {
  plugin: 'meter',
  version: '1.0.0',
  generation: 1,
  run: async <Result>(_kind: string, work: () => Promise<Result>) => work(),
};
const read = defineJob('read', Type.Object({ fails: Type.Boolean() }));
const later = defineJob('later', Type.Object({}));
const measured = defineEvent('meter.measured', Type.Object({ poison: Type.Boolean() }));

async function readOrFail(job: { readonly payload: { readonly fails: boolean } }): Promise<void> {
  if (job.payload.fails) throw new Error('as asked');
}

async function sumUnlessPoison(event: { readonly data: { readonly poison: boolean } }): Promise<void> {
  if (event.data.poison) throw new Error('as asked');
}

let world: TestAppliance;
beforeAll(async () => {
  world = await createTestAppliance();
  await world.appliance.rooms.database.preparePlugin('meter');
});
afterAll(() => world?.[Symbol.asyncDispose]());

async function metrics(): Promise<string> {
  const answer = await world.request('GET', '/metrics', { role: 'system' });
  expect(answer.status).toBe(200);
  return answer.text();
}

/** Waits until `/metrics` shows each of these lines. */
async function showing(...lines: readonly string[]): Promise<void> {
  await expect
    .poll(async () => (await metrics()).split('\n'), { timeout: 30_000 })
    .toEqual(expect.arrayContaining([...lines]));
}

test('/metrics counts jobs by kind and end, their runs, and what waits by priority', async () => {
  const registration = world.appliance.rooms.jobs.forPlugin(owner);
  registration.api.handle(read, readOrFail, { attempts: 2, backoffMs: 1 });
  await registration.prepare();
  registration.activate();
  await registration.api.enqueue(read, { fails: false });
  await registration.api.enqueue(read, { fails: true });
  await registration.api.enqueue(later, {}, { priority: 7 });
  await showing(
    'orch_tasks_total{core_id="meter.read",status="completed"} 1',
    'orch_tasks_total{core_id="meter.read",status="failed"} 1',
    'orch_task_duration_seconds_count{core_id="meter.read",status="completed"} 1',
    'orch_task_duration_seconds_count{core_id="meter.read",status="retried"} 1',
    'orch_task_duration_seconds_count{core_id="meter.read",status="failed"} 1',
    'orch_task_queue_depth{priority="7"} 1',
    'orch_task_queue_depth{priority="1"} 0',
  );
  await registration[Symbol.asyncDispose]();
});

test('/metrics counts locks by what they lock', async () => {
  const locks = world.appliance.rooms.locks.forPlugin(owner);
  await locks.withLock('counter:1', async () => {
    await showing('orch_locks_active{resource_type="meter.counter"} 1');
    await expect(locks.withLock('counter:1', async () => 1)).rejects.toThrow();
  });
  await locks.withLock('all', async () => 1);
  await showing(
    'orch_locks_active{resource_type="meter.counter"} 0',
    'orch_lock_acquisition_total{resource_type="meter.counter",status="acquired"} 1',
    'orch_lock_acquisition_total{resource_type="meter.counter",status="unavailable"} 1',
    'orch_lock_acquisition_total{resource_type="meter",status="acquired"} 1',
    'orch_lock_wait_duration_seconds_count{resource_type="meter.counter"} 2',
  );
});

test('/metrics counts events by type, and their deliveries by subscription and end', async () => {
  const { bus } = world.appliance.rooms;
  const registration = bus.forPlugin(owner, [measured]);
  registration.api.on(measured, sumUnlessPoison, { name: 'sum', attempts: 2 });
  await registration.prepare();
  registration.activate();
  for (const poison of [false, true, false]) await registration.api.emit(measured, { poison });
  await showing(
    'orch_events_total{type="meter.measured"} 3',
    'orch_event_deliveries_total{plugin="meter",subscription="sum",status="handled"} 2',
    'orch_event_deliveries_total{plugin="meter",subscription="sum",status="failed"} 1',
    'orch_event_deliveries_total{plugin="meter",subscription="sum",status="dead_lettered"} 1',
  );
  await registration[Symbol.asyncDispose]();
});

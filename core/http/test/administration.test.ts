import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';

let world: TestAppliance;
const wait = { timeout: 30_000, interval: 20 };

beforeAll(async () => {
  world = await createTestAppliance({
    repository: join(import.meta.dirname, 'fixtures'),
    configuration: { features: { sulky: true } },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

async function ask(method: string, path: string, body?: object): Promise<[number, Record<string, unknown>]> {
  const answer = await world.request(method, path, body === undefined ? {} : { body });
  return [answer.status, (await answer.json()) as Record<string, unknown>];
}

const letters = '/api/v1/system/events/dead-letters';

async function deadLetters(): Promise<{ id: number; event_id: string }[]> {
  const [, { items }] = await ask('GET', `${letters}?plugin=sulky`);
  return items as { id: number; event_id: string }[];
}

async function statusOf(job: string): Promise<unknown> {
  return (await ask('GET', `/api/v1/system/jobs/${job}`))[1]['status'];
}

/** Audit entries of an action, newest first, as who did what. */
async function entries(action: string): Promise<object[]> {
  const { items } = await world.appliance.rooms.audit.list({ action });
  return [...items];
}

test('a dead letter is replayed and discarded, each with its audit entry', async () => {
  const [, { id }] = await ask('POST', '/api/v1/sulky/letters');
  await expect.poll(deadLetters, wait).toMatchObject([{ event_id: id }]);
  const [first] = await deadLetters();
  expect(await ask('POST', `${letters}/replay`, { ids: [first?.id] })).toEqual([200, { count: 1 }]);
  await expect.poll(async () => (await deadLetters())[0]?.id ?? first?.id, wait).not.toBe(first?.id);
  expect(await ask('POST', `${letters}/discard`, { plugin: 'sulky' })).toEqual([200, { count: 1 }]);
  expect(await deadLetters()).toEqual([]);
  expect(await entries('dead_letters.replayed')).toMatchObject([
    { subject_id: String(first?.id), after: { ids: [first?.id], count: 1 } },
  ]);
  expect(await entries('dead_letters.discarded')).toMatchObject([
    { subject_id: 'filter', after: { plugin: 'sulky', count: 1 } },
  ]);
});

test('an event is delivered to a subscription once more, with an audit entry', async () => {
  const [, { id }] = await ask('POST', '/api/v1/sulky/letters');
  await expect.poll(deadLetters, wait).toMatchObject([{ event_id: id }]);
  await ask('POST', `${letters}/discard`, { plugin: 'sulky' });
  const which = { plugin: 'sulky', subscription: 'letters', event_ids: [id] };
  expect(await ask('POST', '/api/v1/system/events/replay', which)).toEqual([200, { replayed: 1 }]);
  await expect.poll(deadLetters, wait).toMatchObject([{ event_id: id }]);
  await ask('POST', `${letters}/discard`, { plugin: 'sulky' });
  expect(await entries('events.replayed')).toMatchObject([
    { subject_id: 'sulky/letters', after: { event_ids: [id], replayed: 1 } },
  ]);
});

test('a running job is cancelled and queued again, each with its audit entry', async () => {
  const [, { id }] = await ask('POST', '/api/v1/sulky/waits');
  const job = `/api/v1/system/jobs/${String(id)}`;
  await expect.poll(() => statusOf(String(id)), wait).toBe('running');
  expect((await ask('POST', `${job}/retry`))[1]).toMatchObject({ status: 409, code: 'JOB_NOT_FAILED' });
  await ask('POST', `${job}/cancel`);
  await expect.poll(() => statusOf(String(id)), wait).toBe('cancelled');
  expect((await ask('POST', `${job}/retry`))[0]).toBe(200);
  await expect.poll(() => statusOf(String(id)), wait).toBe('running');
  await ask('POST', `${job}/cancel`);
  await expect.poll(() => statusOf(String(id)), wait).toBe('cancelled');
  expect(await entries('job.cancelled')).toMatchObject([{ subject_id: id }, { subject_id: id }]);
  expect(await entries('job.retried')).toMatchObject([{ subject_id: id }]);
});

test('what cannot be audited does not happen', async () => {
  const [, { id }] = await ask('POST', '/api/v1/sulky/waits');
  await expect.poll(() => statusOf(String(id)), wait).toBe('running');
  const core = world.appliance.rooms.database.core();
  await core.query(`alter table core.audit_entries add constraint closed check (false) not valid`);
  try {
    expect((await ask('POST', `/api/v1/system/jobs/${String(id)}/cancel`))[0]).toBe(409);
  } finally {
    await core.query('alter table core.audit_entries drop constraint closed');
  }
  expect(await statusOf(String(id))).toBe('running');
  await ask('POST', `/api/v1/system/jobs/${String(id)}/cancel`);
});

test('what is not there is not found, and an empty choice is refused', async () => {
  const none = '01900000-0000-7000-8000-000000000000';
  for (const [path, body, status, code] of [
    [`${letters}/replay`, { ids: [999_999] }, 404, 'DEAD_LETTER_NOT_FOUND'],
    [`${letters}/discard`, {}, 400, 'VALIDATION_FAILED'],
    [
      '/api/v1/system/events/replay',
      { plugin: 'sulky', subscription: 'no', event_ids: [none] },
      404,
      'SUBSCRIPTION_NOT_FOUND',
    ],
    [`/api/v1/system/jobs/${none}/cancel`, undefined, 404, 'JOB_NOT_FOUND'],
    [`/api/v1/system/jobs/${none}/retry`, undefined, 404, 'JOB_NOT_FOUND'],
  ] as const) {
    expect((await ask('POST', path, body))[1], path).toMatchObject({ status, code });
  }
});

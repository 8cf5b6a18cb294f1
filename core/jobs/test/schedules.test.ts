import { defineJob } from '@orchestrall/sdk';
import Type from 'typebox';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { describeOnServers, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { fireDue } from '../schedules/schedules.ts';
import { sweepJobs } from '../sweep.ts';
import { jobsMigrations, testEngine } from './support.ts';

const clean = defineJob('clean', Type.Object({ days: Type.Integer() }));

function unexpected(error: unknown): never {
  throw error;
}

describeOnServers('schedules', (server) => {
  let store: TestDatabase;
  let database: DatabaseEngine;
  let replica: DatabaseEngine;

  beforeAll(async () => {
    store = await testDatabase({ server, plugins: ['crm'], migrations: [await jobsMigrations()] });
    database = await store.open();
    replica = await store.open();
  });
  afterEach(() =>
    database.core().query('with gone as (delete from core.jobs) delete from core.job_schedules'),
  );
  afterAll(() => store[Symbol.asyncDispose]());

  async function stored(): Promise<{ cron: string; next_at: Date; last_at: Date | null; missed: boolean }[]> {
    return database
      .core()
      .query(
        'select cron, next_at, last_at, next_at <= now() as missed from core.job_schedules order by name',
      );
  }

  async function queued(): Promise<number> {
    const [row] = await database.core().query<{ count: number }>('select count(*) from core.jobs');
    return row?.count ?? 0;
  }

  test('a schedule that cannot be planned, as in a time zone of another release, keeps no other from firing', async () => {
    await database.core().query(
      `insert into core.job_schedules (plugin, name, job_name, cron, time_zone, payload, next_at)
       select 'crm', name, 'clean', '* * * * *', time_zone, '{"days": 1}', now() - late
       from (values ('bad', 'Moon/Crater', interval '2 hours'), ('good', 'UTC', interval '1 hour'))
         as planned (name, time_zone, late)`,
    );
    const failures: unknown[] = [];
    expect(await fireDue(database.core(), ['crm'], (error) => failures.push(error))).toBe(1);
    expect(failures).toHaveLength(1);
    expect(await queued()).toBe(1);
  });

  test('a schedule enqueues its job at its times with its payload', async () => {
    await using jobs = await testEngine(database);
    const ran = Promise.withResolvers<unknown>();
    await jobs.active((declare) => {
      declare.handle(clean, async (job) => ran.resolve(job.payload));
      declare.schedule({ name: 'often', cron: '* * * * * *' }, clean, { days: 30 });
    });
    expect(await ran.promise).toEqual({ days: 30 });
    expect(await jobs.engine.history.schedules()).toMatchObject([
      {
        plugin: 'crm',
        name: 'often',
        job_name: 'clean',
        cron: '* * * * * *',
        time_zone: 'UTC',
        last_job_id: expect.any(String),
      },
    ]);
  });

  test('one planned instant enqueues once however many replicas fire it, and what was missed is one run', async () => {
    {
      await using jobs = await testEngine(database);
      await jobs.active((declare) =>
        declare.schedule({ name: 'hourly', cron: '0 * * * *', timeZone: 'Europe/Berlin' }, clean, {
          days: 1,
        }),
      );
    }
    for (let round = 1; round <= 5; round += 1) {
      await database.core().query(`update core.job_schedules set next_at = next_at - interval '3 days'`);
      const fired = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          fireDue((index % 2 ? database : replica).core(), ['crm'], unexpected),
        ),
      );
      expect(fired.reduce((sum, count) => sum + count, 0)).toBe(1);
      expect(await queued()).toBe(round);
      expect(await stored()).toMatchObject([{ missed: false, last_at: expect.any(Date) }]);
    }
  });

  test('a schedule of a plugin that is off does not fire, and catches up with one run', async () => {
    await using jobs = await testEngine(database);
    const declare = (api: Parameters<Parameters<typeof jobs.active>[0]>[0]) =>
      api.schedule({ name: 'yearly', cron: '0 0 1 1 *' }, clean, { days: 1 });
    const registration = await jobs.active(declare);
    registration.deactivate();
    await database.core().query(`update core.job_schedules set next_at = now() - interval '1 day'`);
    expect(await fireDue(replica.core(), ['other'], unexpected)).toBe(0);
    expect(await queued()).toBe(0);
    await jobs.active(declare, 2);
    await expect.poll(queued, { timeout: 10_000 }).toBe(1);
    expect(await stored()).toMatchObject([{ missed: false }]);
  });

  test('a new generation replaces the plans it changes, keeps the instants of others and drops what it no longer has', async () => {
    await using jobs = await testEngine(database);
    await jobs.active((api) => {
      api.schedule({ name: 'changed', cron: '0 0 1 1 *' }, clean, { days: 1 });
      api.schedule({ name: 'dropped', cron: '0 0 1 1 *' }, clean, { days: 1 });
      api.schedule({ name: 'kept', cron: '0 0 1 1 *' }, clean, { days: 1 });
    });
    await database.core().query(`update core.job_schedules set next_at = '2100-05-05T00:00:00Z'`);
    await jobs.active((api) => {
      api.schedule({ name: 'changed', cron: '0 0 2 2 *' }, clean, { days: 1 });
      api.schedule({ name: 'kept', cron: '0 0 1 1 *' }, clean, { days: 2 });
    }, 2);
    await expect
      .poll(async () => (await stored()).map((one) => one.cron), { timeout: 10_000 })
      .toEqual(['0 0 2 2 *', '0 0 1 1 *']);
    const [changed, kept] = await stored();
    expect(changed?.next_at.toISOString()).toMatch(/-02-02T00:00:00\.000Z$/);
    expect(kept?.next_at.toISOString()).toBe('2100-05-05T00:00:00.000Z');
  });

  test('plans that change while those before are being written are written as well', async () => {
    const writing = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow: DatabaseEngine = {
      ...database,
      core: () => ({
        ...database.core(),
        transaction: async (work, options) => {
          writing.resolve();
          await goOn.promise;
          return database.core().transaction(work, options);
        },
      }),
    };
    await using jobs = await testEngine(slow);
    await jobs.active((api) => api.schedule({ name: 'plan', cron: '0 0 1 1 *' }, clean, { days: 1 }));
    await writing.promise;
    await jobs.active((api) => api.schedule({ name: 'plan', cron: '0 0 2 2 *' }, clean, { days: 1 }), 2);
    goOn.resolve();
    await expect
      .poll(async () => (await stored()).map((one) => one.cron), { timeout: 10_000 })
      .toEqual(['0 0 2 2 *']);
  });

  test('schedule() refuses a faulty plan, a second one of its name and a payload that does not fit', async () => {
    await using jobs = await testEngine(database);
    await jobs.active((api) => {
      expect(() => api.schedule({ name: 'x', cron: 'often' }, clean, { days: 1 })).toThrow(
        'five or six fields',
      );
      expect(() => api.schedule({ name: 'X', cron: '* * * * *' }, clean, { days: 1 })).toThrow('lower case');
      // @ts-expect-error -- what the schema refuses at run time does not compile either
      expect(() => api.schedule({ name: 'x', cron: '* * * * *' }, clean, { days: 'many' })).toThrow(
        'does not fit',
      );
      api.schedule({ name: 'x', cron: '0 0 1 1 *' }, clean, { days: 1 });
      expect(() => api.schedule({ name: 'x', cron: '0 0 1 1 *' }, clean, { days: 1 })).toThrow('already');
    });
  });

  test('the sweep removes ended jobs after the retention and ends cancelled jobs of dead workers', async () => {
    await using jobs = await testEngine(database);
    const { api } = await jobs.active(() => undefined);
    const [old, young, dead] = [
      await api.enqueue(clean, { days: 1 }),
      await api.enqueue(clean, { days: 1 }),
      await api.enqueue(clean, { days: 1 }),
    ];
    await api.cancel(old);
    await api.cancel(young);
    await database
      .core()
      .query(`update core.ended_jobs set ended_at = now() - interval '31 days' where id = $1`, [old]);
    await database
      .core()
      .query(`update core.jobs set cancel_requested_at = now(), leased_until = now() - interval '1 second'`);
    expect(await sweepJobs(database.core(), 30)).toBe(1);
    expect(await api.get(old)).toBeUndefined();
    expect(await api.get(young)).toMatchObject({ status: 'cancelled' });
    expect(await api.get(dead)).toMatchObject({ status: 'cancelled' });
  });
});

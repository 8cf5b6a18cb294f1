import { expect, test } from 'vitest';
import { describeJobs, greet, other } from './stage.ts';
import { testEngine } from './support.ts';

describeJobs('runs of jobs', (stage) => {
  test('the job of a plugin that is off stays queued, and a new generation takes over for new claims at once', async () => {
    const jobs = await stage.engineOf();
    const ranIn: number[] = [];
    const hold = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = await jobs.active((declare) =>
      declare.handle(greet, async () => {
        ranIn.push(1);
        begun.resolve();
        await hold.promise;
      }),
    );
    const old = await first.api.enqueue(greet, { name: 'old' });
    await begun.promise;
    const second = await jobs.active((declare) => declare.handle(greet, async () => void ranIn.push(2)), 2);
    first.deactivate();
    const fresh = await second.api.enqueue(greet, { name: 'new' });
    await jobs.ended(fresh);
    expect(ranIn).toEqual([1, 2]);
    expect(await second.api.get(old)).toMatchObject({ status: 'running' });
    hold.resolve();
    expect(await jobs.ended(old)).toMatchObject({ status: 'completed' });
    second.deactivate();
    const waiting = await second.api.enqueue(greet, { name: 'waiting' });
    const unknown = await second.api.enqueue(other, {});
    expect(await second.api.get(waiting)).toMatchObject({ status: 'queued' });
    expect(await second.api.get(unknown)).toMatchObject({ status: 'queued' });
    second.activate();
    expect(await jobs.ended(waiting)).toMatchObject({ status: 'completed' });
  });

  test('disposing a generation cuts its run, which another resumes at its checkpoint without a lost attempt', async () => {
    const jobs = await stage.engineOf();
    const saved = Promise.withResolvers<void>();
    const first = await jobs.active((declare) =>
      declare.handle(greet, async (job) => {
        await job.transaction(async (_tx, checkpoint) => checkpoint('half'));
        saved.resolve();
        await new Promise<void>((resolve) => job.signal.addEventListener('abort', () => resolve()));
      }),
    );
    const id = await first.api.enqueue(greet, { name: 'x' });
    await saved.promise;
    await first[Symbol.asyncDispose]();
    const resumed = Promise.withResolvers<unknown>();
    await jobs.active(
      (declare) => declare.handle(greet, async (job) => resumed.resolve([job.saved, job.attempt, job.fence])),
      2,
    );
    expect(await resumed.promise).toEqual(['half', 1, 2]);
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed' });
  });

  test('a lease taken over in the database refuses the transaction of the old run with all it wrote', async () => {
    const jobs = await stage.engineOf();
    const refused = Promise.withResolvers<unknown>();
    const { api } = await jobs.active((declare) =>
      declare.handle(greet, async (job) => {
        if (job.fence > 1) return;
        await stage.database.core().query('update core.jobs set fence = 7 where id = $1', [job.id]);
        const write = job.transaction(async (tx, checkpoint) => {
          tx.enqueue(other, {}, { uniqueKey: 'written by a stale run' });
          checkpoint('stale');
        });
        await write.catch((error: unknown) => refused.resolve(error));
      }),
    );
    const id = await api.enqueue(greet, { name: 'x' });
    expect(await refused.promise).toMatchObject({ code: 'JOB_LEASE_LOST', details: { id, fence: 1 } });
    const [row] = await stage.database
      .core()
      .query('select fence, saved, leased_until is null as free from core.jobs');
    expect(row).toEqual({ fence: 7, saved: null, free: false });
  });

  test('job.transaction() with a stricter isolation is not disturbed by heartbeats', async () => {
    const jobs = await stage.engineOf();
    const { api } = await jobs.active((declare) =>
      declare.handle(
        greet,
        async (job) => {
          const beats = async (): Promise<unknown> =>
            (
              await stage.database.core().query('select leased_until from core.jobs where id = $1', [job.id])
            )[0];
          const before = await beats();
          await job.transaction(
            async (tx, checkpoint) => {
              await tx.query('select 1');
              // Long enough for two heartbeats, which find the row locked and pass over it.
              await tx.query('select pg_sleep(0.4)');
              expect(await beats()).toEqual(before);
              checkpoint('done');
            },
            { isolation: 'serializable' },
          );
        },
        { attempts: 1, leaseMs: 500 },
      ),
    );
    expect(await jobs.ended(await api.enqueue(greet, { name: 'x' }))).toMatchObject({ status: 'completed' });
  });

  test('a handler that has returned completes its job even when its generation is disposed at that moment', async () => {
    const jobs = await stage.engineOf();
    const returning = Promise.withResolvers<void>();
    const first = await jobs.active((declare) => declare.handle(greet, async () => returning.resolve()));
    const id = await first.api.enqueue(greet, { name: 'x' });
    await returning.promise;
    // A turn of the loop, so that the handler has returned and its end is on its way.
    await new Promise((resolve) => setImmediate(resolve));
    await first[Symbol.asyncDispose]();
    expect(await first.api.get(id)).toMatchObject({ status: 'completed', attempt: 1 });
  });

  test('two engines on one database run each of 300 jobs once', async () => {
    await using second = await testEngine(await stage.store.open());
    const engines = [await stage.engineOf(), second];
    const ran: string[] = [];
    for (const jobs of engines) {
      await jobs.active((declare) =>
        declare.handle(greet, async (job) => void ran.push(`${job.payload.name} ${job.fence}`), {
          concurrency: 5,
        }),
      );
    }
    const ids: string[] = [];
    await stage.database.forPlugin('crm').transaction(async (tx) => {
      for (let index = 0; index < 300; index += 1) ids.push(tx.enqueue(greet, { name: `job ${index}` }));
    });
    await Promise.all(ids.map((id) => Promise.race(engines.map((jobs) => jobs.ended(id)))));
    expect(ran.toSorted()).toEqual(Array.from({ length: 300 }, (_, index) => `job ${index} 1`).toSorted());
  });

  test('a job goes on and completes when every connection is cut while it runs', async () => {
    const jobs = await stage.engineOf();
    const { api } = await jobs.active((declare) =>
      declare.handle(greet, async (job) => {
        await job.transaction(async (_tx, checkpoint) => checkpoint(1));
        await stage.store.cutConnections();
      }),
    );
    const id = await api.enqueue(greet, { name: 'x' });
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 1 });
  });
});

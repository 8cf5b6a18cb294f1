import { expect, test } from 'vitest';
import { describeJobs, greet } from './stage.ts';

/** A handler that does not look at its signal, and what became of what it wrote after it was told to stop. */
function stubborn(): {
  readonly begun: Promise<void>;
  readonly written: Promise<unknown>;
  readonly goOn: () => void;
  readonly handle: (job: {
    readonly transaction: (
      work: (tx: unknown, checkpoint: (saved: unknown) => void) => Promise<void>,
    ) => Promise<void>;
  }) => Promise<void>;
} {
  const begun = Promise.withResolvers<void>();
  const written = Promise.withResolvers<unknown>();
  const going = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    written: written.promise,
    goOn: going.resolve,
    async handle(job) {
      begun.resolve();
      await going.promise;
      await job
        .transaction(async (_tx, checkpoint) => checkpoint('late'))
        .then(
          () => written.resolve('written'),
          (error: unknown) => written.resolve(error),
        );
    },
  };
}

describeJobs('a handler that ignores its signal', (stage) => {
  test('does not keep its plugin from going off: the job is given back, and what it writes later is refused', async () => {
    const jobs = await stage.engineOf();
    const old = stubborn();
    const first = await jobs.active((declare) => declare.handle(greet, old.handle));
    const id = await first.api.enqueue(greet, { name: 'x' });
    await old.begun;
    await first[Symbol.asyncDispose]();
    expect(await first.api.get(id)).toMatchObject({ status: 'queued', attempt: 0 });
    const saved: unknown[] = [];
    const second = await jobs.active(
      (declare) => declare.handle(greet, async (job) => void saved.push(job.saved, job.fence)),
      2,
    );
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 1 });
    old.goOn();
    expect(await old.written).toMatchObject({ code: 'JOB_STOPPED' });
    expect(saved).toEqual([undefined, 2]);
    expect(await second.api.get(id)).toMatchObject({ status: 'completed' });
  });

  test('ends cancelled at its time limit when it was cancelled, and writes no more', async () => {
    const jobs = await stage.engineOf();
    const run = stubborn();
    const { api } = await jobs.active((declare) =>
      declare.handle(greet, run.handle, { timeoutMs: 1000, attempts: 1 }),
    );
    const id = await api.enqueue(greet, { name: 'x' });
    await run.begun;
    expect(await api.cancel(id)).toBe(true);
    expect(await jobs.ended(id)).toMatchObject({ status: 'cancelled' });
    run.goOn();
    expect(await run.written).toMatchObject({ code: 'JOB_CANCELLED' });
  });

  test('loses its lease to another once it can no longer be renewed, and its late end is refused', async () => {
    const jobs = await stage.engineOf();
    const old = stubborn();
    const others = await stage.engineOf();
    const first = await jobs.active((declare) => declare.handle(greet, old.handle, { leaseMs: 500 }));
    const id = await first.api.enqueue(greet, { name: 'x' });
    await old.begun;
    first.deactivate();
    // As if this process had stood still beyond its lease.
    await stage.database
      .core()
      .query(
        `update core.jobs set leased_until = now() - interval '1 second', fence = fence + 1 where id = $1`,
        [id],
      );
    const fences: number[] = [];
    await others.active((declare) => declare.handle(greet, async (job) => void fences.push(job.fence)));
    expect(await others.ended(id)).toMatchObject({ status: 'completed', attempt: 2 });
    old.goOn();
    expect(await old.written).toMatchObject({ code: 'JOB_LEASE_LOST' });
    expect(fences).toEqual([3]);
    expect(await first.api.get(id)).toMatchObject({ status: 'completed', attempt: 2 });
  });
});

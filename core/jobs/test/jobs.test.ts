import { AppError } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { currentScope, withScope } from '../../telemetry/scope.ts';
import { describeJobs, greet, other } from './stage.ts';
import { owner } from './support.ts';

describeJobs('jobs', (stage) => {
  test('a job runs with its payload and in the scope of whoever enqueued it', async () => {
    const jobs = await stage.engineOf();
    const seen = Promise.withResolvers<unknown>();
    const { api } = await jobs.active((declare) => {
      declare.handle(greet, async (job) => {
        const { caller, correlationId, plugin } = currentScope();
        seen.resolve({
          payload: job.payload,
          attempt: job.attempt,
          saved: job.saved,
          caller,
          correlationId,
          plugin,
        });
      });
    });
    const caller = {
      id: 'u1',
      kind: 'user',
      name: 'ada',
      roles: ['operator'],
      teams: ['t1'],
      leads: [],
    } as const;
    const id = await withScope({ caller, correlationId: 'request-1' }, () =>
      api.enqueue(greet, { name: 'Ada' }),
    );
    expect(await seen.promise).toEqual({
      payload: { name: 'Ada' },
      attempt: 1,
      saved: undefined,
      caller,
      correlationId: 'request-1',
      plugin: 'crm',
    });
    expect(await jobs.ended(id)).toMatchObject({ id, status: 'completed', error: null });
    expect(await api.get(id)).toMatchObject({ id, status: 'completed', attempt: 1 });
  });

  test('tx.enqueue() stores a job with the commit and nothing with a rollback', async () => {
    const jobs = await stage.engineOf();
    const { api } = await jobs.active((declare) => declare.handle(greet, async () => undefined));
    let undone = '';
    const failing = stage.database.forPlugin('crm').transaction(async (tx) => {
      undone = tx.enqueue(greet, { name: 'no' });
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    const id = await stage.database
      .forPlugin('crm')
      .transaction(async (tx) => tx.enqueue(greet, { name: 'yes' }));
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed' });
    expect(await api.get(undone)).toBeUndefined();
  });

  test('enqueue() refuses a payload that does not fit and names the field', async () => {
    const jobs = await stage.engineOf();
    const { api } = await jobs.active(() => undefined);
    const wrong: unknown = JSON.parse('{"name": 5}');
    // @ts-expect-error -- what the schema refuses at run time does not compile either
    await expect(api.enqueue(greet, wrong)).rejects.toMatchObject({
      code: 'JOB_INVALID',
      details: { faults: [{ path: '/payload/name', message: 'must be string' }] },
    });
    await expect(api.enqueue(greet, { name: 'x' }, { priority: 10 })).rejects.toThrow('from 0 to 9');
    for (const runAt of [new Date(Number.NaN), new Date('+012026-01-01'), new Date('-000044-03-15')]) {
      await expect(api.enqueue(greet, { name: 'x' }, { runAt })).rejects.toThrow('years 1 to 9999');
    }
    for (const uniqueKey of ['', 'x'.repeat(513), '\0', 'half \ud83d']) {
      await expect(api.enqueue(greet, { name: 'x' }, { uniqueKey })).rejects.toThrow('1 to 512 characters');
    }
  });

  test('a waiting job with the same unique key stands for a second one, also by the id given inside a transaction', async () => {
    const jobs = await stage.engineOf();
    const { api } = await jobs.active(() => undefined);
    const first = await api.enqueue(greet, { name: 'a' }, { uniqueKey: 'k' });
    expect(await api.enqueue(greet, { name: 'b' }, { uniqueKey: 'k' })).toBe(first);
    const inside = await stage.database
      .forPlugin('crm')
      .transaction(async (tx) => tx.enqueue(greet, { name: 'c' }, { uniqueKey: 'k' }));
    expect(inside).not.toBe(first);
    expect(await api.get(inside)).toMatchObject({ id: first, status: 'queued' });
    expect(await api.cancel(inside)).toBe(true);
    expect(await api.get(first)).toMatchObject({ status: 'cancelled' });
    expect(await api.enqueue(greet, { name: 'd' }, { uniqueKey: 'k' })).not.toBe(first);
  });

  test('concurrent enqueues with one unique key make one job', async () => {
    const jobs = await stage.engineOf();
    const { api } = await jobs.active(() => undefined);
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        api.enqueue(greet, { name: `${index}` }, { uniqueKey: 'same' }),
      ),
    );
    expect(new Set(ids).size).toBe(1);
  });

  test('higher priority is claimed sooner, and earlier before later', async () => {
    const jobs = await stage.engineOf();
    const order: string[] = [];
    const all = Promise.withResolvers<void>();
    const registration = jobs.engine.forPlugin(owner());
    registration.api.handle(greet, async (job) => {
      order.push(job.payload.name);
      if (order.length === 4) all.resolve();
    });
    await registration.api.enqueue(greet, { name: 'low' }, { priority: 0 });
    await registration.api.enqueue(greet, { name: 'first' });
    await registration.api.enqueue(greet, { name: 'second' });
    await registration.api.enqueue(greet, { name: 'high' }, { priority: 9 });
    registration.activate();
    await all.promise;
    await registration[Symbol.asyncDispose]();
    expect(order).toEqual(['high', 'first', 'second', 'low']);
  });

  test('a job is not begun before its time', async () => {
    const jobs = await stage.engineOf({ pollMs: 20 });
    const ran: string[] = [];
    const { api } = await jobs.active((declare) =>
      declare.handle(greet, async (job) => void ran.push(job.payload.name), { concurrency: 1 }),
    );
    const later = await api.enqueue(
      greet,
      { name: 'later' },
      { priority: 9, runAt: new Date(Date.now() + 3_600_000) },
    );
    const now = await api.enqueue(greet, { name: 'now' });
    await jobs.ended(now);
    expect(ran).toEqual(['now']);
    // As if the hour had passed.
    await stage.database.core().query('update core.jobs set run_at = now() where id = $1', [later]);
    await jobs.ended(later);
    expect(ran).toEqual(['now', 'later']);
  });

  test('a throwing handler is tried again up to its attempts; code and message are kept without secrets', async () => {
    const jobs = await stage.engineOf({ pollMs: 20, random: () => 0 });
    const attempts: number[] = [];
    const { api } = await jobs.active((declare) =>
      declare.handle(
        greet,
        async (job) => {
          attempts.push(job.attempt);
          throw new AppError({ code: 'BAD', status: 500, message: 'url postgres://a:secret1@b', remedy: '' });
        },
        { attempts: 3, backoffMs: 10 },
      ),
    );
    const id = await api.enqueue(greet, { name: 'x' });
    const ended = await jobs.ended(id);
    expect(ended).toMatchObject({ status: 'failed', error_code: 'BAD', attempt: 3 });
    expect(ended.error).not.toContain('secret1');
    expect(attempts).toEqual([1, 2, 3]);
    expect(await jobs.engine.history.list({ status: 'failed' })).toMatchObject({
      items: [{ id, error_code: 'BAD', ended_at: expect.stringMatching(/^2\d{3}-.*Z$/) }],
      next_cursor: null,
    });
  });

  test('a failed job tried again goes on at its checkpoint with a higher fence', async () => {
    const jobs = await stage.engineOf({ pollMs: 20 });
    const runs: { saved: unknown; fence: number }[] = [];
    const { api } = await jobs.active((declare) =>
      declare.handle(
        greet,
        async (job) => {
          runs.push({ saved: job.saved, fence: job.fence });
          await job.transaction(async (_tx, checkpoint) => checkpoint({ line: 7 }));
          if (runs.length === 1) throw new Error('once');
        },
        { attempts: 1 },
      ),
    );
    const id = await api.enqueue(greet, { name: 'x' });
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed' });
    await jobs.engine.history.retry(id);
    await expect.poll(async () => (await api.get(id))?.status).toBe('completed');
    expect(runs).toEqual([
      { saved: undefined, fence: 1 },
      { saved: { line: 7 }, fence: 2 },
    ]);
    await expect(jobs.engine.history.retry(id)).rejects.toMatchObject({ code: 'JOB_NOT_FAILED' });
  });

  test('a run longer than its time limit is cut, counted as a failure, and can write no more', async () => {
    const jobs = await stage.engineOf();
    const late = Promise.withResolvers<unknown>();
    const { api } = await jobs.active((declare) =>
      declare.handle(
        greet,
        async (job) => {
          await new Promise<void>((resolve) => job.signal.addEventListener('abort', () => resolve()));
          await job.transaction(async () => undefined).catch((error: unknown) => late.resolve(error));
        },
        { attempts: 1, timeoutMs: 50 },
      ),
    );
    const id = await api.enqueue(greet, { name: 'x' });
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error_code: 'JOB_TIMEOUT' });
    expect(await late.promise).toMatchObject({ code: 'JOB_TIMEOUT' });
  });

  test('cancelling ends a waiting job at once and signals a running one', async () => {
    const jobs = await stage.engineOf();
    const running = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<unknown>();
    const { api } = await jobs.active((declare) =>
      declare.handle(greet, async (job) => {
        running.resolve();
        await new Promise<void>((resolve) => job.signal.addEventListener('abort', () => resolve()));
        reason.resolve(job.signal.reason);
      }),
    );
    const first = await api.enqueue(greet, { name: 'running' });
    await running.promise;
    const second = await api.enqueue(greet, { name: 'waiting' });
    expect(await api.cancel(second)).toBe(true);
    expect(await api.get(second)).toMatchObject({ status: 'cancelled' });
    // Capitals mean the same id.
    expect(await api.cancel(first.toUpperCase())).toBe(true);
    expect(await reason.promise).toMatchObject({ code: 'JOB_CANCELLED' });
    expect(await jobs.ended(first)).toMatchObject({ status: 'cancelled' });
    expect(await api.cancel(first)).toBe(false);
    expect(await jobs.engine.history.cancel('00000000-0000-7000-8000-000000000000')).toBe(false);
  });

  test('a running job is told to stop at once, also by an id that only stands for it', async () => {
    const jobs = await stage.engineOf();
    const begun = Promise.withResolvers<void>();
    const { api } = await jobs.active((declare) =>
      declare.handle(
        greet,
        async ({ signal }) => {
          begun.resolve();
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        },
        // By itself the run would look at its job in twenty minutes.
        { leaseMs: 3_600_000, timeoutMs: 3_600_000 },
      ),
    );
    const id = await api.enqueue(greet, { name: 'x' }, { uniqueKey: 'alias' });
    await begun.promise;
    const alias = await stage.database
      .forPlugin('crm')
      .transaction(async (tx) => tx.enqueue(greet, { name: 'y' }, { uniqueKey: 'alias' }));
    expect(alias).not.toBe(id);
    expect(await api.cancel(alias)).toBe(true);
    expect(await jobs.ended(id)).toMatchObject({ status: 'cancelled' });
  });

  test('progress is shown while running and kept after the end', async () => {
    const jobs = await stage.engineOf();
    const go = Promise.withResolvers<void>();
    const { api } = await jobs.active((declare) =>
      declare.handle(greet, async (job) => {
        job.progress(3, 10);
        await go.promise;
        job.progress(10, 10);
      }),
    );
    const id = await api.enqueue(greet, { name: 'x' });
    await expect
      .poll(() => api.get(id), { timeout: 10_000 })
      .toMatchObject({ status: 'running', progress_done: 3, progress_total: 10 });
    go.resolve();
    await jobs.ended(id);
    expect(await api.get(id)).toMatchObject({ status: 'completed', progress_done: 10 });
  });

  test('progress that is no number fails its own run, and no other', async () => {
    const jobs = await stage.engineOf();
    const { api } = await jobs.active((declare) => {
      declare.handle(greet, async (job) => job.progress(Number(job.payload.name), 10), { attempts: 1 });
      declare.handle(other, async (job) => job.progress(1));
    });
    const faulty = await Promise.all(['x', '1e300'].map((name) => api.enqueue(greet, { name })));
    const sound = await api.enqueue(other, {});
    for (const id of faulty) {
      expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error_code: 'JOB_INVALID' });
    }
    expect(await jobs.ended(sound)).toMatchObject({ status: 'completed' });
    expect(await api.get(sound)).toMatchObject({ progress_done: 1 });
  });

  test('progress never goes back within a run, and what finds the row locked is written later', async () => {
    const jobs = await stage.engineOf();
    const seen: number[] = [];
    const { api } = await jobs.active((declare) =>
      declare.handle(greet, async (job) => {
        job.progress(5, 10);
        job.progress(2, 10);
        await stage.database.core().transaction(async (tx) => {
          const [row] = await tx.query<{ done: number }>(
            'select progress_done as done from core.jobs where id = $1 for update',
            [job.id],
          );
          seen.push(row?.done ?? -1);
          // Longer than the pause between two writes, which pass over the locked row.
          await tx.query('select pg_sleep(1.5)');
        });
        await expect.poll(async () => (await api.get(job.id))?.progress_done, { timeout: 10_000 }).toBe(5);
      }),
    );
    const id = await api.enqueue(greet, { name: 'x' });
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(seen).toEqual([0]);
    expect(await api.get(id)).toMatchObject({ progress_done: 5, progress_total: 10 });
  });

  test('jobs are listed newest first by cursor and filter', async () => {
    const jobs = await stage.engineOf();
    const { api } = await jobs.active(() => undefined);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push(await api.enqueue(other, {}));
    await api.cancel(ids.toSorted()[2] ?? '');
    const filter = { plugin: 'crm', name: 'other', limit: 2 };
    const newest = ids.toSorted().toReversed();
    const first = await jobs.engine.history.list(filter);
    expect(first.items.map((job) => job.id)).toEqual(newest.slice(0, 2));
    const second = await jobs.engine.history.list({ ...filter, cursor: first.next_cursor ?? '' });
    expect(second.items.map((job) => [job.id, job.status])).toEqual([
      [newest[2], 'cancelled'],
      [newest[3], 'queued'],
    ]);
    const waiting = await jobs.engine.history.list({ ...filter, status: 'queued', limit: 10 });
    expect(waiting.items).toHaveLength(4);
    await expect(jobs.engine.history.list({ cursor: 'x' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});

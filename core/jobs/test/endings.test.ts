import { createId } from '@orchestrall/sdk';
import { expect, it } from 'vitest';
import { enqueueStatement } from '../enqueue.ts';
import { newJob } from '../new-job.ts';
import { claim } from '../running/claim.ts';
import { createEndings } from '../running/endings.ts';
import { describeJobs, other } from './stage.ts';

describeJobs('ends of jobs that are written together', (stage) => {
  it('are written though one of them cannot be', async () => {
    const core = stage.database.core();
    const jobs = Array.from({ length: 5 }, () => newJob(other, {}));
    const { sql, parameters } = enqueueStatement('crm', jobs);
    await core.query(sql, parameters);
    const claimed = await claim(core, [{ plugin: 'crm', name: 'other', slots: 5, leaseMs: 60_000 }]);
    const [, , broken = { id: createId() }] = claimed;
    const end = createEndings({
      database: stage.database,
      emitEnded: (_tx, ended) => {
        if (ended.some(({ id }) => id === broken.id)) throw new Error('this one has no event');
      },
    });
    const outcomes = await Promise.allSettled(claimed.map((job) => end({ ...job, status: 'completed' })));
    const [failed, ...rest] = outcomes.toSorted((one, two) => (one.status > two.status ? -1 : 1));
    expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'this one has no event' } });
    expect(rest).toEqual(Array.from({ length: 4 }, () => ({ status: 'fulfilled', value: true })));
    expect(await core.query('select id from core.jobs')).toEqual([{ id: broken.id }]);
  });
});

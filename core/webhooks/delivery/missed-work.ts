import type { Jobs } from '@orchestrall/sdk';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { ensureSending } from './sending-job.ts';

/**
 * Gives a new job to webhooks whose own has ended without leaving one, as when an operator cancels it, so that nothing
 * waits for ever.
 */
export async function missedWork(database: ScopedDatabase, jobs: Pick<Jobs, 'get'>): Promise<void> {
  const rows = await database.query<{ id: string; job_id: string | null }>(
    `select id, job_id from core.webhooks where status = 'active' and (job_id is not null or waiting > 0)`,
  );
  for (const { id, job_id } of rows) {
    const job = job_id === null ? undefined : await jobs.get(job_id);
    if (job?.status === 'queued' || job?.status === 'running') continue;
    await database.transaction(async (tx) => {
      const lost = await tx.query<{ waiting: number }>(
        `update core.webhooks set job_id = null, job_begins_at = null
         where id = $1 and job_id is not distinct from $2 returning waiting`,
        [id, job_id],
      );
      if ((lost[0]?.waiting ?? 0) > 0) await ensureSending(tx, [id]);
    });
  }
}

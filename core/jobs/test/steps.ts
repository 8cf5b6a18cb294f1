import type { Job } from '@orchestrall/sdk';
import type { MigrationSet } from '../../database/migrate/run.ts';

/** Table of the plugin in which a doubled step would show. */
export const stepsMigrations: MigrationSet = {
  owner: 'crm',
  migrations: [
    {
      number: 1,
      name: 'create-steps',
      sql: 'create table steps (job_id uuid not null, step integer not null, fence bigint not null)',
    },
  ],
};

let reached = new Map<string, number>();

/** Writes the step after the checkpoint together with a new checkpoint; returns how many steps are done. */
export async function takeStep(job: Job): Promise<number> {
  const known = `${job.id} ${job.fence}`;
  const done = reached.get(known) ?? (typeof job.saved === 'number' ? job.saved : 0);
  await job.transaction(async (tx, checkpoint) => {
    await tx.query('insert into steps (job_id, step, fence) values ($1, $2, $3)', [
      job.id,
      done + 1,
      job.fence,
    ]);
    checkpoint(done + 1);
  });
  reached = new Map([[known, done + 1]]);
  return done + 1;
}

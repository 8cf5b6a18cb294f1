import { createId, defineJob } from '@orchestrall/sdk';
import type { Database, Job, JobOptions } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Kinds } from '../../kinds.ts';
import { lockRecords } from '../../records/store.ts';
import { removeRecords } from '../../records/write.ts';
import { forgetCopies } from '../copies/store.ts';
import { beginErasure } from '../erasure/service.ts';
import type { RetentionConfig } from './config.ts';
import { dueRules, listDue } from './due.ts';
import type { DueRule } from './due.ts';

/** Takes away what the rules of retention say, and exports of personal data whose time is over. */
export const retentionJob = defineJob('retention', Type.Object({}));

/** A night is long enough for what it may take. */
export const retentionJobOptions = { attempts: 3, timeoutMs: 6 * 3_600_000 } satisfies JobOptions;

/** Exports of personal data go within the hour after their time. */
export const forgetCopiesJob = defineJob('forget-personal-data-exports', Type.Object({}));

/** Records of one transaction. */
const batch = 500;

/** Contacts of one erasure: each goes once through the whole history. */
const contactsPerErasure = 20;

const by = { id: 'crm', name: 'Retention' };

/** What a night works on. */
export interface RetentionOptions {
  readonly database: Database;
  readonly kinds: Kinds;
  readonly config: RetentionConfig;
}

/** Makes the handler of the nightly job; what a cut one had not taken, the next takes. */
export function createRetentionRun(options: RetentionOptions): (job: Job) => Promise<void> {
  const { database, config } = options;
  return async (job) => {
    const counts: Record<string, number> = {};
    for (const rule of await dueRules(database, config)) counts[rule.rule] = await take(options, job, rule);
    if (Object.values(counts).every((count) => count === 0)) return;
    await job.transaction(async (tx) => {
      const id = createId();
      await tx.query('insert into retention_runs (id, counts) values ($1, $2)', [id, JSON.stringify(counts)]);
      tx.audit({ action: 'retention.applied', subjectType: 'retention_run', subjectId: id, after: counts });
    });
  };
}

/** Makes the handler that deletes exports of personal data whose time is over. */
export function createCopySweep(database: Database): () => Promise<void> {
  return async () => void (await forgetCopies(database));
}

async function take(options: RetentionOptions, job: Job, rule: DueRule): Promise<number> {
  let taken = 0;
  const erasing = new Set<string>();
  while (taken < rule.perNight) {
    job.signal.throwIfAborted();
    const limit = Math.min(batch, rule.perNight - taken) + erasing.size;
    const due = (await listDue(options.database, rule, limit)).filter((id) => !erasing.has(id));
    if (due.length === 0) break;
    if (rule.action === 'erase') {
      await eraseAll(job, due);
      for (const id of due) erasing.add(id);
    } else await deleteAll(options, job, rule, due);
    taken += due.length;
  }
  return taken;
}

async function eraseAll(job: Job, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += contactsPerErasure) {
    const some = ids.slice(from, from + contactsPerErasure);
    await job.transaction(async (tx) => void (await beginErasure(tx, some, 'retention', 'crm')));
  }
}

async function deleteAll(
  { kinds }: RetentionOptions,
  job: Job,
  { rule }: DueRule,
  ids: readonly string[],
): Promise<void> {
  await job.transaction(async (tx) => {
    if (rule === 'timeline') await tx.query('delete from timeline_entries where id = any($1::uuid[])', [ids]);
    else if (rule === 'activities')
      await removeRecords(kinds.activities, tx, await lockRecords(kinds.activities, tx, ids), by);
    else await removeRecords(kinds.contacts, tx, await lockRecords(kinds.contacts, tx, ids), by);
  });
}

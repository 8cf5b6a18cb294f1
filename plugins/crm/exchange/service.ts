import { isId, validationFailed } from '@orchestrall/sdk';
import type { Caller, Transaction } from '@orchestrall/sdk';
import { changeRecords, checkVersion } from '@orchestrall/sdk/resources';
import type { MappingOverrides } from '../salesforce/mapping/overrides.ts';
import { crmError } from '../errors.ts';
import type { ObjectPlan } from '../sync/plan.ts';
import { insertRun, assignJob, askForLoad, endRun, lockOpenRun } from './runs/run-store.ts';
import type { OpenRun } from './runs/run-store.ts';
import { enqueueSync } from './runs/jobs.ts';
import { forgetConnection } from './connection.ts';
import { readMapping, writeMapping, writePushed } from './mapping/mapping-store.ts';
import type { StoredMapping } from './mapping/mapping-store.ts';
import type { Planner } from './mapping/planner.ts';
import { askOutside } from './outside.ts';
import type { ExchangeOptions } from './ports.ts';
import { readStatus } from './status.ts';
import type {
  SyncMapping,
  SyncPreview,
  SyncPreviewInput,
  SyncRetried,
  SyncRunStarted,
  SyncStatus,
} from './schemas.ts';

/** What administrators do with the exchange; every method throws the provider's errors where it asks the outside system. */
export interface Exchange {
  status(): Promise<SyncStatus>;
  mapping(): Promise<SyncMapping>;
  /** What a mapping would do; default the one that is kept. */
  preview(given: SyncPreviewInput): Promise<SyncPreview>;
  /** Throws `VALIDATION_FAILED` for a mapping that cannot be, `VERSION_MISMATCH`. */
  changeMapping(overrides: MappingOverrides, ifMatch: string | undefined, by: Caller): Promise<SyncMapping>;
  /** The run that is open, or a new one. Throws `SYNC_RUNNING` where a load was asked for while one is under way. */
  start(tx: Transaction, isLoad: boolean, by: Caller): Promise<SyncRunStarted>;
  /** What was committed stays. Throws `SYNC_RUN_NOT_FOUND`, `SYNC_RUN_ENDED`. */
  cancel(id: string, by: Caller): Promise<void>;
  /** Tries rejections again in a run; all without ids. Throws `SYNC_REJECTION_NOT_FOUND`. */
  retry(tx: Transaction, ids: readonly string[] | undefined, by: Caller): Promise<SyncRetried>;
  /** Decides an open conflict; a run carries it out. Throws `SYNC_CONFLICT_NOT_FOUND`, `SYNC_CONFLICT_UNDECIDABLE`. */
  decide(tx: Transaction, id: string, side: 'local' | 'remote', by: Caller): Promise<SyncRunStarted>;
  /** Forgets with whom records were exchanged and which belongs to which; records stay. Throws `SYNC_RUNNING`. */
  disconnect(by: Caller): Promise<void>;
}

const defaultSamples = 3;

/** Creates the exchange's service. */
export function createExchange(options: ExchangeOptions, planner: Planner): Exchange {
  const { database, jobs, outside } = options;

  return {
    status: () => readStatus(database, outside, options.now()),
    mapping: async () => answerOf(await readMapping(database)),

    async preview({ overrides, samples = defaultSamples }) {
      const given = overrides ?? (await readMapping(database)).overrides;
      const kinds = await planner.kinds();
      return askOutside(outside, async (provider) => {
        const { proposal, plans } = await provider.propose(kinds, given);
        const shown = new Map<string, SyncPreview['objects'][number]['samples']>();
        for (const plan of samples === 0 ? [] : plans) {
          const sample = await provider.sample(plan, samples);
          shown.set(
            plan.object,
            sample.map((values) => values.map((value) => ({ ...value }))),
          );
        }
        return {
          objects: proposal.objects.map(({ keyField, fields, ...about }) => ({
            ...about,
            external_id_field: keyField,
            fields: fields.map(({ custom, ...field }) => ({ ...field, custom: toldCustom(custom) })),
            samples: shown.get(about.object) ?? [],
          })),
          faults: proposal.faults.map(({ path, message }) => ({ path, message })),
          strangers: [...proposal.strangers],
        };
      });
    },

    async changeMapping(overrides, ifMatch, by) {
      const kinds = await planner.kinds();
      const { proposal, plans } = await askOutside(outside, (provider) => provider.propose(kinds, overrides));
      if (proposal.faults.length > 0)
        throw validationFailed(
          proposal.faults.map(({ path, message }) => ({ path: `/overrides${path}`, message })),
        );
      return changeRecords(database, async (tx) => {
        const before = await readMapping(tx, true);
        checkVersion(withId(before), ifMatch, answerOf);
        const after = await writeMapping(tx, overrides);
        await writePushed(tx, plans satisfies readonly ObjectPlan[]);
        const audited = { subjectType: 'sync_mapping', subjectId: outside.provider };
        tx.audit({ action: 'sync_mapping.updated', ...audited, before: before.overrides, after: overrides });
        options.log.info({ by: by.id, version: after.version }, 'the mapping of the exchange was changed');
        return answerOf(after);
      });
    },

    start,

    async cancel(id) {
      const jobId = await database.transaction(async (tx) => {
        const run = await findRun(tx, id);
        if ((await endRun(tx, id, { status: 'cancelled' })) === undefined)
          throw crmError('SYNC_RUN_ENDED', { id, run_status: run.status });
        tx.audit({ action: 'sync.cancelled', subjectType: 'sync_run', subjectId: id });
        return run.job_id;
      });
      if (jobId !== null) await jobs.cancel(jobId);
    },

    async retry(tx, ids, by) {
      const known = ids === undefined ? undefined : [...new Set(ids)];
      const where = known === undefined ? '' : 'where id = any($1::uuid[])';
      const marked = await tx.query<{ id: string }>(
        `update sync_rejections set retry = true, updated_at = clock_timestamp() ${where} returning id`,
        known === undefined ? [] : [known],
      );
      const found = new Set(marked.map(({ id }) => id));
      const missing = known?.find((id) => !found.has(id.toLowerCase()));
      if (missing !== undefined) throw crmError('SYNC_REJECTION_NOT_FOUND', { id: missing });
      return { rejections: marked.length, run: await start(tx, false, by) };
    },

    async decide(tx, id, side, by) {
      const [conflict] = isId(id)
        ? await tx.query<{ reason: string }>(
            'select reason from sync_conflicts where id = $1 and resolution is null for update',
            [id],
          )
        : [];
      if (conflict === undefined) throw crmError('SYNC_CONFLICT_NOT_FOUND', { id });
      if (conflict.reason === 'would_lose' && side === 'local') {
        const reason = 'the value there holds more than was taken of it, which would be lost';
        throw crmError('SYNC_CONFLICT_UNDECIDABLE', { id, reason });
      }
      await tx.query(
        'update sync_conflicts set decision = $2, updated_at = clock_timestamp() where id = $1',
        [id, side],
      );
      tx.audit({
        action: 'sync_conflict.decided',
        subjectType: 'sync_conflict',
        subjectId: id,
        after: { decision: side },
      });
      return start(tx, false, by);
    },

    async disconnect() {
      await database.transaction(async (tx) => {
        const open = await lockOpenRun(tx);
        if (open?.status === 'running') throw running(open);
        await forgetConnection(tx);
        tx.audit({ action: 'sync.disconnected', subjectType: 'sync', subjectId: outside.provider });
      });
    },
  };
}

async function start(tx: Transaction, isLoad: boolean, by: Caller): Promise<SyncRunStarted> {
  const open = await lockOpenRun(tx);
  if (isLoad && open?.is_load === false && open.status !== 'queued') throw running(open);
  if (open !== undefined && isLoad) await askForLoad(tx, open.id);
  const run = open ?? (await insertRun(tx, isLoad, by));
  const jobId = enqueueSync(tx);
  if (open === undefined) {
    await assignJob(tx, run.id, jobId);
    tx.audit({ action: 'sync.started', subjectType: 'sync_run', subjectId: run.id });
  }
  return { id: run.id, status: run.status, is_load: run.is_load || isLoad };
}

async function findRun(
  tx: Transaction,
  id: string,
): Promise<{ readonly status: string; readonly job_id: string | null }> {
  const statement = 'select status, job_id from sync_runs where id = $1 for update';
  const [run] = isId(id)
    ? await tx.query<{ readonly status: string; readonly job_id: string | null }>(statement, [id])
    : [];
  if (run === undefined) throw crmError('SYNC_RUN_NOT_FOUND', { id });
  return run;
}

function running({ id, status }: OpenRun) {
  return crmError('SYNC_RUNNING', { run_id: id, run_status: status });
}

function answerOf({ overrides, updated_at, version }: StoredMapping): SyncMapping {
  return { overrides, updated_at: updated_at.toISOString(), version };
}

function withId(stored: StoredMapping) {
  return { id: 'mapping', ...stored };
}

/** What is asked of a field that an administrator would add. */
function toldCustom(custom: object | null): object | null {
  return custom === null ? null : { ...custom };
}

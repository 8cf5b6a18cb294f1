import { isDeepStrictEqual } from 'node:util';
import { createId, validationFailed } from '@orchestrall/sdk';
import type { Caller, Database, Transaction } from '@orchestrall/sdk';
import {
  applyMergePatch,
  checkVersion,
  columnsOf,
  conditionSql,
  countRows,
  isObject,
  listName,
  readFields,
  readListRequest,
  readPage,
  readShape,
  shaped,
} from '@orchestrall/sdk/resources';
import type { ResourceService } from '@orchestrall/sdk/resources';
import { pipelineCreated, pipelineDeleted, pipelineUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { Kinds } from '../kinds.ts';
import { requireFields } from '../records/require.ts';
import { pipelineFields } from './fields.ts';
import type { Pipeline, PipelineFields } from './fields.ts';
import { lockDealsIn, moveDeals } from './deals-in-stages.ts';
import type { Stage } from './stage.ts';
import {
  countDealsIn,
  countPipelines,
  deletePipeline,
  deleteStages,
  findNamed,
  findPipeline,
  insertPipeline,
  lockPipeline,
  makeDefault,
  pipelineColumns,
  putStages,
  toPipeline,
  updatePipeline,
} from './store.ts';
import type { PipelineRow } from './store.ts';

/** Most pipelines of an appliance. */
const maxPipelines = 100;

/** Decisions about pipelines and their stages. */
export interface Pipelines extends ResourceService {
  /** Throws `VALIDATION_FAILED`, `PIPELINE_NAME_TAKEN`, `TOO_MANY_PIPELINES`. */
  create(tx: Transaction, input: unknown, by: Caller): Promise<Pipeline>;
  /**
   * Deals follow a stage whose probability or outcome changes. Throws `PIPELINE_NOT_FOUND`, `VERSION_MISMATCH`,
   * `VALIDATION_FAILED`, `PIPELINE_NAME_TAKEN`, `PIPELINE_IS_DEFAULT`, `STAGE_IN_USE` for stages that are left out while
   * deals are in them, `TOO_MANY_RECORDS`.
   */
  update(tx: Transaction, id: string, patch: unknown, by: Caller, ifMatch?: string): Promise<Pipeline>;
  /** Throws `PIPELINE_NOT_FOUND`, `VERSION_MISMATCH`, `PIPELINE_IS_DEFAULT`, `PIPELINE_IN_USE`. */
  remove(tx: Transaction, id: string, by: Caller, ifMatch?: string): Promise<void>;
  /**
   * Takes a stage out of its pipeline; its deals go to `moveTo`, another stage of the same pipeline. Throws
   * `PIPELINE_NOT_FOUND`, `STAGE_NOT_FOUND`, `VERSION_MISMATCH`, `STAGE_IN_USE`, `VALIDATION_FAILED`, `TOO_MANY_RECORDS`.
   */
  removeStage(tx: Transaction, given: StageRemoval, by: Caller, ifMatch?: string): Promise<Pipeline>;
}

/** Which stage is taken away, and where its deals go. */
export interface StageRemoval {
  readonly pipelineId: string;
  readonly stageId: string;
  readonly moveTo?: string | undefined;
}

/** Creates the service of pipelines. */
export function createPipelineService(kinds: Pick<Kinds, 'deals'>, database: Database): Pipelines {
  const columns = columnsOf(pipelineFields);
  const nameable = { columns, fields: Object.keys(pipelineFields) };
  return {
    async list(request, by, at) {
      const query = readListRequest(request, nameable, at);
      const conditions = query.condition === undefined ? [] : [conditionSql(query.condition, 'pipelines')];
      const source = { table: 'pipelines', selection: pipelineColumns, conditions };
      const list = listName('pipelines', request, by.id);
      const { items, next_cursor } = await readPage<PipelineRow>(database, source, { ...query, list });
      return {
        items: items.map((row) => shaped(toPipeline(row), query)),
        next_cursor,
        ...(query.count ? { count: await countRows(database, source) } : {}),
      };
    },

    async get(id, _by, shape = {}) {
      const asked = readShape(shape, nameable);
      return shaped(requireThere(await findPipeline(database, id), id), asked);
    },

    async create(tx, input, _by) {
      const fields = requireFields(input, (given) => readFields(pipelineFields, given));
      await serialise(tx);
      await requireFree(tx, fields.name);
      if ((await countPipelines(tx)) >= maxPipelines)
        throw crmError('TOO_MANY_PIPELINES', { limit: maxPipelines });
      refuseStrangers(fields.stages, []);
      const id = createId();
      await insertPipeline(tx, id, fields.name);
      await putStages(tx, id, withIds(fields.stages));
      if (fields.is_default) await takeDefault(tx, id);
      const pipeline = requireThere(await findPipeline(tx, id), id);
      tx.emit(pipelineCreated, { pipeline }, { subject: id });
      tx.audit({ action: 'pipeline.created', subjectType: 'pipeline', subjectId: id, after: pipeline });
      return pipeline;
    },

    async update(tx, id, patch, by, ifMatch) {
      const read = (before: Pipeline) => {
        const { name, is_default, stages } = before;
        return requireFields(
          applyMergePatch({ name, is_default, stages }, overKnown(patch, stages)),
          (given) => readFields(pipelineFields, given),
        );
      };
      // Deals before their pipeline, as in a change of a deal: two that wait for each other would both be cut.
      const seen = await findPipeline(tx, id);
      if (seen !== undefined) await lockDealsIn(kinds.deals, tx, changedStages(seen, read(seen)));
      await serialise(tx);
      const before = requireThere(await lockPipeline(tx, id), id);
      checkVersion(before, ifMatch);
      return change(kinds, tx, before, read(before), by);
    },

    async remove(tx, id, _by, ifMatch) {
      await serialise(tx);
      const before = requireThere(await lockPipeline(tx, id), id);
      checkVersion(before, ifMatch);
      if (before.is_default) throw crmError('PIPELINE_IS_DEFAULT', { id });
      const deals = sumOf(
        await countDealsIn(
          tx,
          before.stages.map((stage) => stage.id),
        ),
      );
      if (deals > 0) throw crmError('PIPELINE_IN_USE', { id, deals });
      await deletePipeline(tx, before.id);
      tx.emit(pipelineDeleted, { pipeline: before }, { subject: before.id });
      tx.audit({ action: 'pipeline.deleted', subjectType: 'pipeline', subjectId: before.id, before });
    },

    async removeStage(tx, { pipelineId, stageId, moveTo }, by, ifMatch) {
      if (moveTo !== undefined) await lockDealsIn(kinds.deals, tx, [stageId]);
      await serialise(tx);
      const before = requireThere(await lockPipeline(tx, pipelineId), pipelineId);
      checkVersion(before, ifMatch);
      const stages = before.stages.filter(({ id }) => id !== stageId);
      if (stages.length === before.stages.length) {
        throw crmError('STAGE_NOT_FOUND', { id: stageId, pipeline_id: before.id });
      }
      if (moveTo !== undefined) {
        if (!stages.some(({ id }) => id === moveTo)) {
          const message = `must be another stage of the pipeline: ${stages.map(({ id }) => id).join(', ')}`;
          throw validationFailed([{ path: '/querystring/move_to', message }]);
        }
        await moveDeals(kinds.deals, tx, { from: [stageId], to: moveTo }, by);
      }
      const given = { name: before.name, is_default: before.is_default, stages };
      const fields = requireFields(given, (all) => readFields(pipelineFields, all));
      return change(kinds, tx, before, fields, by);
    },
  };
}

/** A patch whose stages that are there keep the parts that it leaves out. */
function overKnown(patch: unknown, known: readonly Stage[]): unknown {
  if (!isObject(patch) || !Array.isArray(patch['stages'])) return patch;
  const byId = new Map<unknown, Stage>(known.map((stage) => [stage.id, stage]));
  const stages = patch['stages'].map((given: unknown) => {
    const stage = isObject(given) ? byId.get(given['id']) : undefined;
    if (stage === undefined || !isObject(given)) return given;
    // A new outcome brings its own probability.
    const { probability: _, ...rest } = stage;
    return { ...(given['outcome'] === undefined ? stage : rest), ...given };
  });
  return { ...patch, stages };
}

/** Gives a locked pipeline its fields; deals follow what changes of their stages. */
async function change(
  kinds: Pick<Kinds, 'deals'>,
  tx: Transaction,
  before: Pipeline,
  fields: PipelineFields,
  by: Caller,
): Promise<Pipeline> {
  const { id } = before;
  refuseStrangers(fields.stages, before.stages);
  if (isDeepStrictEqual({ ...before, ...fields }, before)) return before;
  if (before.is_default && !fields.is_default) throw crmError('PIPELINE_IS_DEFAULT', { id });
  await requireFree(tx, fields.name, id);
  const kept = new Set(fields.stages.map((stage) => stage.id));
  const removed = before.stages.filter((stage) => !kept.has(stage.id));
  const used = await countDealsIn(
    tx,
    removed.map((stage) => stage.id),
  );
  for (const { id: stage, name } of removed) {
    const deals = used.get(stage) ?? 0;
    if (deals > 0) throw crmError('STAGE_IN_USE', { id: stage, name, deals, pipeline_id: id });
  }
  await updatePipeline(tx, id, fields.name);
  await deleteStages(
    tx,
    id,
    removed.map((stage) => stage.id),
  );
  await putStages(tx, id, withIds(fields.stages));
  if (fields.is_default && !before.is_default) await takeDefault(tx, id);
  await moveDeals(kinds.deals, tx, { from: changedStages(before, fields) }, by);
  const pipeline = requireThere(await findPipeline(tx, id), id);
  told(tx, before, pipeline);
  return pipeline;
}

/** Stages whose deals have to follow, since what they are told of them changes. */
function changedStages(before: Pipeline, { stages }: PipelineFields): string[] {
  const known = new Map(before.stages.map((stage) => [stage.id, stage]));
  return stages.flatMap(({ id, probability, outcome }) => {
    const earlier = known.get(id);
    const same = earlier?.probability === probability && earlier.outcome === outcome;
    return earlier === undefined || same ? [] : [id];
  });
}

/** Makes a pipeline the default one, and tells the one that was. */
async function takeDefault(tx: Transaction, id: string): Promise<void> {
  const dethroned = await makeDefault(tx, id);
  if (dethroned === undefined) return;
  const after = requireThere(await findPipeline(tx, dethroned), dethroned);
  told(tx, { ...after, is_default: true, version: after.version - 1 }, after);
}

function told(tx: Transaction, before: Pipeline, after: Pipeline): void {
  const changed = (['name', 'is_default', 'stages'] as const).filter(
    (name) => !isDeepStrictEqual(before[name], after[name]),
  );
  tx.emit(pipelineUpdated, { pipeline: after, changed }, { subject: after.id });
  tx.audit({ action: 'pipeline.updated', subjectType: 'pipeline', subjectId: after.id, before, after });
}

/** Changes of pipelines follow each other: they are rare, and the default one passes from one to another. */
async function serialise(tx: Transaction): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('crm.pipelines', 0))`);
}

function requireThere(pipeline: Pipeline | undefined, id: string): Pipeline {
  if (pipeline === undefined) throw crmError('PIPELINE_NOT_FOUND', { id });
  return pipeline;
}

async function requireFree(tx: Transaction, name: string, own?: string): Promise<void> {
  const holder = await findNamed(tx, name);
  if (holder !== undefined && holder !== own) throw crmError('PIPELINE_NAME_TAKEN', { name, id: holder });
}

function refuseStrangers(stages: readonly Stage[], known: readonly Stage[]): void {
  const ids = new Set(known.map(({ id }) => id));
  const faults = stages.flatMap(({ id }, index) =>
    id === '' || ids.has(id)
      ? []
      : [
          {
            path: `/stages/${index}/id`,
            message: 'must be the id of a stage of this pipeline; leave it out for a new one',
          },
        ],
  );
  if (faults.length > 0) throw validationFailed(faults);
}

function withIds(stages: readonly Stage[]): Stage[] {
  return stages.map((stage) => (stage.id === '' ? { ...stage, id: createId() } : stage));
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

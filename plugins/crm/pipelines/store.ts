import { isId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { foldName } from '../fields/folded.ts';
import type { Pipeline } from './fields.ts';
import type { Stage } from './stage.ts';

/** A row as it is read; instants are Dates. */
export type PipelineRow = Omit<Pipeline, 'created_at' | 'updated_at'> & {
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** The columns of a pipeline, its stages in order among them. */
export const pipelineColumns: Sql = sql.raw(`pipelines.id, pipelines.name, pipelines.is_default,
  (select coalesce(json_agg(json_build_object('id', stages.id, 'name', stages.name, 'probability', probability,
      'outcome', outcome) order by position), '[]')
    from stages where pipeline_id = pipelines.id) as stages,
  pipelines.created_at, pipelines.updated_at, pipelines.version`);

/** A row as a pipeline. */
export function toPipeline({ created_at, updated_at, ...row }: PipelineRow): Pipeline {
  return { ...row, created_at: created_at.toISOString(), updated_at: updated_at.toISOString() };
}

/** The pipeline, or undefined. */
export async function findPipeline(database: Queryable, id: string): Promise<Pipeline | undefined> {
  if (!isId(id)) return undefined;
  const query = sql`select ${pipelineColumns} from pipelines where id = ${id}`;
  const [row] = await database.query<PipelineRow>(toStatement(query));
  return row === undefined ? undefined : toPipeline(row);
}

/** The pipeline, locked against other changes of it and against deals that enter one of its stages. */
export async function lockPipeline(tx: Transaction, id: string): Promise<Pipeline | undefined> {
  if (!isId(id)) return undefined;
  await tx.query('select 1 from pipelines where id = $1 for update', [id]);
  // A statement of its own, which sees what the wait for the lock has let in.
  return findPipeline(tx, id);
}

/** The id of the pipeline that has this name in any spelling, or undefined. */
export async function findNamed(tx: Transaction, name: string): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string }>('select id from pipelines where name_key = $1', [
    foldName(name),
  ]);
  return row?.id;
}

/** How many pipelines there are. */
export async function countPipelines(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ count: number }>('select count(*)::integer as count from pipelines');
  return row?.count ?? 0;
}

/** Writes a new pipeline without its stages. */
export async function insertPipeline(tx: Transaction, id: string, name: string): Promise<void> {
  await tx.query('insert into pipelines (id, name, name_key) values ($1, $2, $3)', [
    id,
    name,
    foldName(name),
  ]);
}

/** Gives a locked pipeline its name and its next version. */
export async function updatePipeline(tx: Transaction, id: string, name: string): Promise<void> {
  const statement = `update pipelines
    set name = $2, name_key = $3, version = version + 1, updated_at = clock_timestamp() where id = $1`;
  await tx.query(statement, [id, name, foldName(name)]);
}

/** Writes the stages of a pipeline in their order; those that are not among them stay. */
export async function putStages(
  tx: Transaction,
  pipelineId: string,
  stages: readonly Stage[],
): Promise<void> {
  const statement = `insert into stages (id, pipeline_id, name, position, probability, outcome)
      select id, $1, name, position, probability, outcome from json_to_recordset($2::json)
        as given (id uuid, name text, position integer, probability integer, outcome text)
    on conflict (id) do update set name = excluded.name, position = excluded.position,
      probability = excluded.probability, outcome = excluded.outcome`;
  const rows = stages.map((stage, index) => ({ ...stage, position: index + 1 }));
  await tx.query(statement, [pipelineId, JSON.stringify(rows)]);
}

/** Deletes stages of a pipeline that no deal is in. */
export async function deleteStages(
  tx: Transaction,
  pipelineId: string,
  ids: readonly string[],
): Promise<void> {
  await tx.query('delete from stages where pipeline_id = $1 and id = any($2::uuid[])', [pipelineId, ids]);
}

/** How many deals are in each of these stages; those without any are absent. */
export async function countDealsIn(
  tx: Transaction,
  stageIds: readonly string[],
): Promise<Map<string, number>> {
  const statement = `select stage_id, count(*)::integer as deals from deals
    where stage_id = any($1::uuid[]) group by stage_id`;
  const rows = await tx.query<{ stage_id: string; deals: number }>(statement, [stageIds]);
  return new Map(rows.map(({ stage_id, deals }) => [stage_id, deals]));
}

/** Deletes a pipeline with its stages, in which no deal is. */
export async function deletePipeline(tx: Transaction, id: string): Promise<void> {
  await tx.query('delete from pipelines where id = $1', [id]);
}

/** Makes a pipeline the default one; gives the one that was, whose version grows. */
export async function makeDefault(tx: Transaction, id: string): Promise<string | undefined> {
  const [former] = await tx.query<{ id: string }>(
    `update pipelines set is_default = false, version = version + 1, updated_at = clock_timestamp()
      where is_default and id <> $1 returning id`,
    [id],
  );
  await tx.query('update pipelines set is_default = true where id = $1', [id]);
  return former?.id;
}

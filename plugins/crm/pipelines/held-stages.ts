import type { Transaction } from '@orchestrall/sdk';
import type { Outcome } from './stage.ts';

/** A stage with the pipeline that it is in. */
export interface PlacedStage {
  readonly id: string;
  readonly pipeline_id: string;
  readonly pipeline_name: string;
  readonly name: string;
  readonly probability: number;
  readonly outcome: Outcome;
}

/** Pipelines whose stages stay as they are until the transaction ends. */
export interface HeldStages {
  readonly byId: ReadonlyMap<string, PlacedStage>;
  /** In order. */
  readonly byPipeline: ReadonlyMap<string, readonly PlacedStage[]>;
  readonly defaultPipeline: string | undefined;
  /** The moment by the clock of the database, RFC 3339. */
  readonly now: string;
}

/** Which pipelines are wanted: these, those of these stages, and the default one where it is asked for. */
export interface WantedPipelines {
  readonly pipelines: readonly string[];
  readonly stages: readonly string[];
  readonly withDefault: boolean;
}

interface PipelineRow {
  readonly id: string;
  readonly is_default: boolean;
  readonly now: Date;
}

/**
 * Holds pipelines: what deals are told of their stages stays true until the transaction ends, since changes of stages
 * lock their pipeline.
 */
export async function holdStages(tx: Transaction, wanted: WantedPipelines): Promise<HeldStages> {
  const { pipelines, stages, withDefault } = wanted;
  const held = await tx.query<PipelineRow>(
    `select id, is_default, clock_timestamp() as now from pipelines
      where id = any($1::uuid[]) or id in (select pipeline_id from stages where id = any($2::uuid[]))
        or (is_default and $3)
      order by id for share`,
    [pipelines, stages, withDefault],
  );
  // A statement of its own, which sees what the wait for the lock has let in.
  const placed = await tx.query<PlacedStage>(
    `select stages.id, pipeline_id, pipelines.name as pipeline_name, stages.name, probability, outcome
      from stages join pipelines on pipelines.id = pipeline_id
      where pipeline_id = any($1::uuid[]) order by pipeline_id, position`,
    [held.map(({ id }) => id)],
  );
  return {
    byId: new Map(placed.map((stage) => [stage.id, stage])),
    byPipeline: Map.groupBy(placed, ({ pipeline_id }) => pipeline_id),
    defaultPipeline: held.find(({ is_default }) => is_default)?.id,
    now: (held[0]?.now ?? new Date(0)).toISOString(),
  };
}

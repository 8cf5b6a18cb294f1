import type { Transaction } from '@orchestrall/sdk';
import type { JsonObject } from '@orchestrall/sdk/resources';
import type { ExtraFields } from './extra-fields.ts';

interface Stage {
  readonly id: string;
  readonly pipeline_id: string;
  readonly name: string;
}

/** The stage of a deal by its name: that of the deal's own pipeline first, then of the default one, then of any. */
export async function stageField(tx: Transaction): Promise<ExtraFields> {
  const stages = await tx.query<Stage>(
    `select stages.id, pipeline_id, stages.name from stages join pipelines on pipelines.id = pipeline_id
      order by is_default desc, pipelines.created_at, pipelines.id, position`,
  );
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const choices = [...new Set(stages.map(({ name }) => name))];
  return {
    fields: [{ name: 'stage', type: 'choice', choices }],
    instead: ['stage_id', 'pipeline_id'],
    of: (record) => ({ stage: byId.get(textOf(record, 'stage_id'))?.name ?? null }),
    apply({ stage: wanted }, before) {
      if (wanted === undefined || wanted === null) return { fields: {} };
      const named = stages.filter(({ name }) => name === wanted);
      const own = named.find(({ pipeline_id }) => pipeline_id === textOf(before, 'pipeline_id'));
      const stage = own ?? named[0];
      if (stage === undefined) return { reason: `no pipeline has a stage ${String(wanted)}` };
      return { fields: { stage_id: stage.id, pipeline_id: stage.pipeline_id } };
    },
  };
}

function textOf(record: JsonObject, name: string): string {
  const value = record[name];
  return typeof value === 'string' ? value : '';
}

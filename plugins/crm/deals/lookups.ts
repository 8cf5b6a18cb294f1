import type { Transaction } from '@orchestrall/sdk';
import { foldName } from '../fields/folded.ts';
import type { Lookup } from '../records/kind.ts';

/** Pipelines by their names. */
export function pipelineLookup(): Lookup {
  return {
    name: 'pipeline',
    keys: ['name'],
    fold: (_, text) => foldName(text),
    async find(tx, _, folded) {
      const statement = 'select id, name_key from pipelines where name_key = any($1::text[])';
      const rows = await tx.query<{ id: string; name_key: string }>(statement, [folded]);
      return new Map(rows.map(({ id, name_key }) => [name_key, [id]]));
    },
  };
}

/** Stages by their names: of several with one name that of the row's pipeline, or of the default one. */
export function stageLookup(): Lookup {
  const placed = new Map<string, StageRow>();
  return {
    name: 'stage',
    keys: ['name'],
    fold: (_, text) => foldName(text),
    async find(tx, _, folded) {
      const wanted = new Set(folded);
      const stages = (await readStages(tx)).filter(({ name }) => wanted.has(foldName(name)));
      for (const stage of stages) placed.set(stage.id, stage);
      const named = Map.groupBy(stages, ({ name }) => foldName(name));
      return new Map([...named].map(([name, found]) => [name, found.map(({ id }) => id)]));
    },
    narrow(ids, fields) {
      const pipeline: unknown = Reflect.get(fields, 'pipeline_id');
      const inside = ids.filter((id) => {
        const stage = placed.get(id);
        return typeof pipeline === 'string' ? stage?.pipeline_id === pipeline : stage?.is_default === true;
      });
      return inside.length > 0 ? inside : ids;
    },
  };
}

interface StageRow {
  readonly id: string;
  readonly name: string;
  readonly pipeline_id: string;
  readonly is_default: boolean;
}

/** All of them: there are some dozens, folded as people write them. */
async function readStages(tx: Transaction): Promise<StageRow[]> {
  return tx.query<StageRow>(
    `select stages.id, stages.name, pipeline_id, is_default
      from stages join pipelines on pipelines.id = pipeline_id order by stages.id`,
  );
}

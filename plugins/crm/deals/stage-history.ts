import { createId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { idOrder, readPage } from '@orchestrall/sdk/resources';
import type { ListRequest, Page, Queryable } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { dealLost, dealStageChanged, dealWon } from '../contract.ts';
import type { Actor } from '../contract.ts';
import { toldOf } from '../records/history.ts';
import type { Recorded, RecordKind } from '../records/kind.ts';
import { insertEntries } from '../records/timeline-store.ts';
import type { DealFields } from './fields.ts';
import type { DealStage } from './schemas.ts';

interface Place {
  readonly pipeline_id: string;
  readonly pipeline_name: string;
  readonly stage_id: string;
  readonly stage_name: string;
}

type Left = Place & { readonly deal_id: string; readonly entered_at: Date; readonly left_at: Date };

/** Keeps and tells where deals have come to: in the history of stages, as events, in their timelines. */
export async function recordStages(
  kind: RecordKind<DealFields>,
  tx: Transaction,
  written: readonly Recorded<DealFields>[],
  by: Actor,
): Promise<void> {
  const moved = written.filter(({ before, after }) => before?.stage_id !== after.stage_id);
  const left = await leaveStages(
    tx,
    moved.flatMap(({ before, after }) => (before === undefined ? [] : [after.id])),
  );
  const entered = await enterStages(
    tx,
    moved.map(({ after }) => after.id),
    left,
  );
  const entries = [];
  for (const { before, after: deal } of moved) {
    const from = left.get(deal.id);
    const to = entered.get(deal.id);
    if (before === undefined || from === undefined || to === undefined) continue;
    const { deal_id: _, entered_at, left_at, ...place } = from;
    const times = { entered_at: entered_at.toISOString(), left_at: left_at.toISOString() };
    tx.emit(dealStageChanged, { deal, from: { ...place, ...times }, to }, toldOf(kind, deal));
    const stage_id = { from: namedStage(place), to: namedStage(to) };
    const subject = { subject_type: 'deal', subject_id: deal.id } as const;
    entries.push({ ...subject, kind: 'stage_changed', changes: { stage_id } });
  }
  if (entries.length > 0) await insertEntries(tx, entries, by);
  for (const { before, after: deal } of written) {
    if (before?.status === deal.status) continue;
    if (deal.status === 'won') tx.emit(dealWon, { deal }, toldOf(kind, deal));
    if (deal.status === 'lost') tx.emit(dealLost, { deal }, toldOf(kind, deal));
  }
}

/** A page of the stages that a deal has been in, the present one first. */
export async function listStages(
  database: Queryable,
  dealId: string,
  request: Pick<ListRequest, 'cursor' | 'limit'>,
): Promise<Page<DealStage>> {
  const source = {
    table: 'deal_stages',
    selection: sql.raw(`pipeline_id, pipeline_name, stage_id, stage_name, outcome, entered_at, left_at,
      floor(extract(epoch from coalesce(left_at, now()) - entered_at))::bigint as seconds`),
    conditions: [sql`deal_id = ${dealId}`],
  };
  const options = { list: `stages of ${dealId}`, keys: idOrder(true), ...request };
  const { items, next_cursor } = await readPage<StageRow>(database, source, options);
  return {
    next_cursor,
    items: items.map(({ entered_at, left_at, ...stage }) => ({
      ...stage,
      entered_at: entered_at.toISOString(),
      left_at: left_at?.toISOString() ?? null,
    })),
  };
}

type StageRow = Omit<DealStage, 'entered_at' | 'left_at'> & {
  readonly entered_at: Date;
  readonly left_at: Date | null;
};

/** Ends the present stage of each deal; gives what it was, by deal. */
async function leaveStages(tx: Transaction, dealIds: readonly string[]): Promise<Map<string, Left>> {
  if (dealIds.length === 0) return new Map();
  const rows = await tx.query<Left>(
    `update deal_stages set left_at = greatest(clock_timestamp(), entered_at)
      where deal_id = any($1::uuid[]) and left_at is null
      returning deal_id, pipeline_id, pipeline_name, stage_id, stage_name, entered_at, left_at`,
    [dealIds],
  );
  return new Map(rows.map((row) => [row.deal_id, row]));
}

/** Begins the stage that each deal is in now, in the moment in which it left the one before. */
async function enterStages(
  tx: Transaction,
  dealIds: readonly string[],
  left: ReadonlyMap<string, Left>,
): Promise<Map<string, Place>> {
  if (dealIds.length === 0) return new Map();
  const given = dealIds.map((deal_id) => ({
    id: createId(),
    deal_id,
    entered_at: left.get(deal_id)?.left_at.toISOString() ?? null,
  }));
  const rows = await tx.query<Place & { readonly deal_id: string }>(
    `insert into deal_stages
        (id, deal_id, pipeline_id, pipeline_name, stage_id, stage_name, outcome, entered_at)
      select given.id, deals.id, pipelines.id, pipelines.name, stages.id, stages.name, stages.outcome,
        coalesce(given.entered_at, deals.created_at)
      from json_to_recordset($1::json) as given (id uuid, deal_id uuid, entered_at timestamptz)
        join deals on deals.id = given.deal_id
        join stages on stages.id = deals.stage_id
        join pipelines on pipelines.id = deals.pipeline_id
      returning deal_id, pipeline_id, pipeline_name, stage_id, stage_name`,
    [JSON.stringify(given)],
  );
  return new Map(rows.map(({ deal_id, ...place }) => [deal_id, place]));
}

function namedStage({ stage_id: id, stage_name: name }: Place) {
  return { id, name };
}

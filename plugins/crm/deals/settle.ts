import type { Fault } from '@orchestrall/sdk';
import { minorUnitsOf } from '../money/currency.ts';
import type { HeldStages, PlacedStage } from '../pipelines/held-stages.ts';
import type { DealFields } from './fields.ts';
import { amountIn, roundedTo, totalLines } from './total.ts';
import type { LineProduct } from './total.ts';

/** What a deal is settled with. */
export interface Surroundings {
  readonly stages: HeldStages;
  /** Products of lines, by id. */
  readonly products: ReadonlyMap<string, LineProduct>;
  /** Of a deal that names none. */
  readonly currency: string;
}

/** As a deal is read: what was left out is still to be found out. */
type Draft = Omit<DealFields, 'pipeline_id' | 'stage_id' | 'currency' | 'probability' | 'amount_source'> & {
  readonly [Name in 'pipeline_id' | 'stage_id' | 'currency']: string | null;
} & {
  readonly probability: number | null;
  readonly amount_source: DealFields['amount_source'] | null;
};

/**
 * Finds out what a deal leaves to its surroundings: pipeline, stage, status, when it was closed, probability, lines and
 * amount. What differs from `before` was sent; what is as it was follows its source. Gives every fault instead where it
 * cannot be.
 */
export function settleDeal(
  draft: Draft,
  before: DealFields | undefined,
  around: Surroundings,
): DealFields | Fault[] {
  const stage = stageOf(draft, before, around.stages);
  if ('message' in stage) return [stage];
  const currency = draft.currency ?? around.currency;
  const { lines, total, faults } = totalLines(draft.lines, around.products, currency);
  if (faults.length > 0) return [...faults];
  const money = moneyOf(draft, before, currency, total);
  if ('message' in money) return [money];
  const closed = closedAt(draft, before, stage, around.stages.now);
  if (typeof closed === 'object' && closed !== null) return [closed];
  return {
    ...draft,
    pipeline_id: stage.pipeline_id,
    stage_id: stage.id,
    status: stage.outcome,
    closed_at: closed,
    ...money,
    currency,
    ...likelihood(draft, before, stage),
    // The table finds it out; until then it is as it was.
    weighted_value: before?.weighted_value ?? null,
    lines: [...lines],
    lines_total: total,
    product_ids: [...new Set(lines.flatMap(({ product_id }) => product_id ?? []))].toSorted(),
  };
}

function stageOf(draft: Draft, before: DealFields | undefined, stages: HeldStages): PlacedStage | Fault {
  const { stage_id, pipeline_id } = draft;
  const named = stage_id === null ? undefined : stages.byId.get(stage_id);
  if (stage_id !== null && named === undefined) {
    return { path: '/stage_id', message: `must be the id of a stage; no stage has the id ${stage_id}` };
  }
  const pipeline = pipeline_id ?? named?.pipeline_id ?? stages.defaultPipeline;
  const inside = pipeline === undefined ? undefined : stages.byPipeline.get(pipeline);
  if (pipeline === undefined || inside === undefined) {
    const message =
      pipeline === undefined
        ? 'must be given; there is no default pipeline'
        : `must be the id of a pipeline; no pipeline has the id ${pipeline}`;
    return { path: '/pipeline_id', message };
  }
  if (named !== undefined && named.pipeline_id === pipeline) return named;
  // A new pipeline with the stage that the deal had before: the stage was not meant.
  const moved = before !== undefined && before.pipeline_id !== pipeline && before.stage_id === stage_id;
  if (named !== undefined && !moved) {
    const listed = inside.map(({ id, name }) => `${name} (${id})`).join(', ');
    return {
      path: '/stage_id',
      message: `must be a stage of the pipeline ${pipeline}; ${named.name} is one of ${named.pipeline_name}. Its stages are ${listed}`,
    };
  }
  return inside.find(({ outcome }) => outcome === 'open') ?? inside[0] ?? noStages(pipeline);
}

function noStages(pipeline: string): Fault {
  return { path: '/pipeline_id', message: `must be a pipeline with stages; ${pipeline} has none` };
}

function moneyOf(
  { amount, amount_source, lines }: Draft,
  before: DealFields | undefined,
  currency: string,
  total: string,
): Pick<DealFields, 'amount' | 'amount_source'> | Fault {
  const source = amount_source ?? (lines.length > 0 && amount === null ? 'lines' : 'manual');
  const kept = amount === null ? null : amountIn(currency, amount);
  if (source === 'lines') {
    const sum = roundedTo(currency, total);
    const isSent = amount !== null && amount !== before?.amount;
    if (!isSent || kept === sum) return { amount: sum, amount_source: source };
    const message = `follows the lines, which sum to ${sum} ${currency}; send amount_source "manual" to set it by hand`;
    return { path: '/amount', message };
  }
  if (kept !== undefined) return { amount: kept, amount_source: source };
  const digits = minorUnitsOf(currency);
  return {
    path: '/amount',
    message: `must have at most ${digits} digits after the point, as ${currency} has; is ${amount ?? ''}`,
  };
}

function likelihood(
  { probability }: Draft,
  before: DealFields | undefined,
  stage: PlacedStage,
): Pick<DealFields, 'probability' | 'probability_source'> {
  const isSent = probability !== null && probability !== before?.probability;
  const isManual = isSent || (probability !== null && before?.probability_source === 'manual');
  // What is closed is certain.
  if (!isManual || probability === null || stage.outcome !== 'open') {
    return { probability: stage.probability, probability_source: 'stage' };
  }
  return { probability, probability_source: 'manual' };
}

/** When it was closed; a fault for a moment that is sent with an open deal. */
function closedAt(
  { closed_at }: Draft,
  before: DealFields | undefined,
  stage: PlacedStage,
  now: string,
): string | null | Fault {
  const sent = closed_at !== null && closed_at !== before?.closed_at ? closed_at : undefined;
  if (stage.outcome === 'open') {
    if (sent === undefined) return null;
    return {
      path: '/closed_at',
      message: `must be left out for an open deal; it is in the stage ${stage.name}`,
    };
  }
  if (sent !== undefined) return sent;
  return before?.status === stage.outcome ? (closed_at ?? now) : now;
}

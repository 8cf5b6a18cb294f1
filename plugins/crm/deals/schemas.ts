import { Id, Instant, Nullable, bookkeeping, inputsOf, schemasOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { searchFilters } from '../fields/schemas.ts';
import { outcomes } from '../pipelines/stage.ts';
import type { Outcome } from '../pipelines/stage.ts';
import { dealFields } from './fields.ts';

/** Something that may be sold. */
export const Deal = Type.Object({ id: Id, ...schemasOf(dealFields), ...bookkeeping }, { title: 'Deal' });
export type Deal = Static<typeof Deal>;

/** What a deal is created with: its name at least. */
export const DealInput = Type.Object(inputsOf(dealFields), {
  title: 'DealInput',
  additionalProperties: false,
});
export type DealInput = Static<typeof DealInput>;

/** Filters of the list of deals beside those of every list. */
export const dealFilters = {
  ...searchFilters('name or external_id'),
  pipeline_id: Type.Optional(Id),
  stage_id: Type.Optional(Id),
  company_id: Type.Optional(Id),
};

/** A stay of a deal in a stage. */
export const DealStage = Type.Object(
  {
    pipeline_id: Id,
    pipeline_name: Type.String({ description: 'As it was called then.' }),
    stage_id: Id,
    stage_name: Type.String({ description: 'As it was called then.' }),
    outcome: Type.Unsafe<Outcome>({ type: 'string', enum: [...outcomes] }),
    entered_at: Instant,
    left_at: Nullable(Instant),
    seconds: Type.Integer({ minimum: 0, description: 'How long it has been in it, whole seconds.' }),
  },
  { title: 'DealStage' },
);
export type DealStage = Static<typeof DealStage>;

/** What the deals of one stage and currency come to. */
export const ForecastSum = Type.Object(
  {
    pipeline_id: Id,
    stage_id: Id,
    currency: Type.String(),
    deals: Type.Integer({ minimum: 0 }),
    amount: Type.Optional(
      Type.String({ description: 'Sum of their amounts; left out of what a role may not see.' }),
    ),
    weighted_value: Type.Optional(Type.String({ description: 'Sum of their weighted values, likewise.' })),
  },
  { title: 'ForecastSum' },
);
export type ForecastSum = Static<typeof ForecastSum>;

import { joined, toStatement } from '@orchestrall/sdk/resources';
import type { ListSource, Queryable } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { View } from '../records/access.ts';
import type { ForecastSum } from './schemas.ts';

/**
 * What the deals of a list come to, by pipeline, stage and currency: currencies are never added to each other. Without
 * further conditions it is read from one index.
 */
export async function sumDeals(
  database: Queryable,
  { conditions }: Pick<ListSource, 'conditions'>,
  { hidden }: Pick<View, 'hidden'>,
): Promise<ForecastSum[]> {
  const query = sql`select sums.* from (
      select pipeline_id, stage_id, currency, count(*)::integer as deals,
        coalesce(sum(amount), 0)::text as amount, coalesce(sum(weighted_value), 0)::text as weighted_value
      from deals where ${joined(conditions, 'all')} group by pipeline_id, stage_id, currency
    ) as sums join stages on stages.id = sums.stage_id
    order by sums.pipeline_id, stages.position, sums.currency`;
  const rows = await database.query<Required<ForecastSum>>(toStatement(query));
  // Who does not learn of amounts does not learn of their sums, nor of what they can be told from.
  const seesAmounts = !hidden.has('amount');
  const seesWeighted = seesAmounts && !hidden.has('weighted_value');
  return rows.map(({ amount, weighted_value, ...sums }) => ({
    ...sums,
    ...(seesAmounts ? { amount } : {}),
    ...(seesWeighted ? { weighted_value } : {}),
  }));
}

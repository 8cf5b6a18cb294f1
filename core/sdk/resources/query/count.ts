import { sql } from 'kysely';
import { toStatement } from './compiler.ts';
import type { Queryable } from './compiler.ts';
import { joined } from './condition-sql.ts';
import type { ListSource } from './page.ts';

/** How many items a list has, over all its pages. */
export interface Count {
  readonly value: number;
  /** Whether it is the planner's estimate, since there are more than are counted one by one. */
  readonly estimated: boolean;
}

/** Up to how many are counted one by one. */
export const exactCountLimit = 10_000;

/**
 * Counts the items of a list at a bounded price: exactly up to 10,000, beyond that as PostgreSQL's planner estimates,
 * and never less than what was counted.
 */
export async function countRows(database: Queryable, source: ListSource): Promise<Count> {
  const from = source.from ?? sql.table(source.table);
  const rows = sql`select 1 from ${from} where ${joined(source.conditions, 'all')}`;
  const counting = sql`select count(*)::integer as counted from (${rows} limit ${exactCountLimit + 1}) as met`;
  const [counted] = await database.query<{ counted: number }>(toStatement(counting));
  const value = counted?.counted ?? 0;
  if (value <= exactCountLimit) return { value, estimated: false };
  const [plan] = await database.query<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    toStatement(sql`explain (format json) ${rows}`),
  );
  const estimate = plan?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? value;
  return { value: Math.max(value, Math.round(estimate)), estimated: true };
}

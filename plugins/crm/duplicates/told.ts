import type { Caller } from '@orchestrall/sdk';
import { joined } from '@orchestrall/sdk/resources';
import type { ListSource, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Access } from '../records/access.ts';
import type { TablesByKind } from '../records/unseen.ts';
import { fewestPoints, untoldReasons, weights } from './matching/reasons.ts';
import type { MatchedKind } from './matching/reasons.ts';

const matchedKinds: readonly MatchedKind[] = ['contact', 'company'];

/** What a caller is told of pairs. */
export interface Told {
  /** Pairs as the caller is told of them: with the score of the reasons that it is told. */
  readonly source: ListSource;
  /** Reasons that it is not told, by kind. */
  readonly untold: Readonly<Record<MatchedKind, readonly string[]>>;
}

/**
 * The pairs of which a caller sees both records, or the one that is left of a merge. What a hidden field has to do with
 * it counts for nothing: the score is that of the other reasons, and a pair that they do not make is not told.
 */
export function toldPairs(access: Access, tables: TablesByKind, by: Caller): Told {
  const views = { contact: access.viewOf(by, 'contact'), company: access.viewOf(by, 'company') };
  const untold = {
    contact: untoldReasons('contact', views.contact.hidden),
    company: untoldReasons('company', views.company.hidden),
  };
  const seen = matchedKinds.map((kind) => {
    const sees = (column: string) => {
      const table = tables[kind];
      const { condition } = views[kind];
      const visible = condition === undefined ? sql`` : sql`and ${condition}`;
      // No `exists`: for it PostgreSQL may read the whole table first.
      return sql`(select true from ${sql.table(table)}
        where ${sql.ref(`${table}.id`)} = ${sql.ref(`pairs.${column}`)} ${visible})`;
    };
    return sql`(pairs.kind = ${kind} and case when pairs.status = 'merged' then ${sees('merged_into')}
      else ${sees('low_id')} and ${sees('high_id')} end)`;
  });
  const conditions = [joined(seen, 'any')];
  const isAllTold = untold.contact.length + untold.company.length === 0;
  if (!isAllTold) conditions.push(sql`pairs.score >= ${fewestPoints}`);
  const columns = sql.raw(
    'id, kind, low_id, high_id, reasons, status, merged_into, created_at, updated_at, version',
  );
  return {
    untold,
    source: {
      table: 'pairs',
      selection: sql.raw('pairs.*'),
      from: isAllTold
        ? sql`duplicate_pairs as pairs`
        : sql`(select ${columns}, ${toldScore(untold)} as score from duplicate_pairs) as pairs`,
      conditions,
    },
  };
}

function toldScore(untold: Told['untold']): Sql {
  const ofKind = matchedKinds.map((kind) => {
    const told = Object.entries(weights[kind]).filter(([reason]) => !untold[kind].includes(reason));
    const points = told.map(
      ([reason, weight]) => sql`case when ${reason} = any(reasons) then ${weight}::integer else 0 end`,
    );
    return sql`when ${kind} then ${points.length === 0 ? sql`0` : sql.join(points, sql` + `)}`;
  });
  return sql`least(100, greatest(0, case kind ${sql.join(ofKind, sql` `)} end))`;
}

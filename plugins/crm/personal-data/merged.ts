import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';

/** These contacts, what they were merged into, and all that was merged into those: each is one person. */
export async function mergedInto(database: Queryable, contactIds: readonly string[]): Promise<string[]> {
  const given = [...new Set(contactIds.map((id) => id.toLowerCase()))];
  const query = sql`with left_over as (
      select coalesce(winner_id, given.id) as id
      from unnest(${given}::uuid[]) as given (id) left join merged_records using (id)
    )
    select id from left_over union select merged_records.id from merged_records join left_over
      on left_over.id = merged_records.winner_id
    union select unnest(${given}::uuid[])`;
  const rows = await database.query<{ id: string }>(toStatement(query));
  return rows.map(({ id }) => id).toSorted();
}

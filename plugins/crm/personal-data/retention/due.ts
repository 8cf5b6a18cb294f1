import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { RetentionConfig } from './config.ts';

/** A rule as it stands at one moment. */
export interface DueRule {
  readonly rule: keyof RetentionConfig;
  readonly action: 'erase' | 'delete';
  readonly before: Date;
  readonly perNight: number;
  readonly table: string;
  /** What is due, over the table's columns. */
  readonly condition: Sql;
  /** Oldest first, by an index. */
  readonly order: Sql;
}

/** The rules that are set, by the database's clock. */
export async function dueRules(database: Queryable, config: RetentionConfig): Promise<DueRule[]> {
  const { contacts, activities, timeline } = config;
  const before = async (days: number): Promise<Date> => {
    const rows = await database.query<{ at: Date }>('select now() - make_interval(days => $1) as at', [days]);
    const [row] = rows;
    if (row === undefined) throw new TypeError('the database has no time');
    return row.at;
  };
  const rules: DueRule[] = [];
  if (contacts !== undefined) {
    const at = await before(contacts.inactive_days);
    const condition = sql`contacts.updated_at < ${at} and ${withoutOpenDeal(sql`contacts.id`)}
      and not exists (select from activity_records where record_id = contacts.id and occurred_at >= ${at})
      and not exists (select from timeline_entries where subject_id = contacts.id and occurred_at >= ${at})`;
    const { action, per_night: perNight } = contacts;
    const order = sql`updated_at, id`;
    rules.push({ rule: 'contacts', action, before: at, perNight, table: 'contacts', condition, order });
  }
  if (activities !== undefined) {
    const at = await before(activities.older_than_days);
    const condition = sql`activities.occurred_at < ${at} and activities.status is distinct from 'open'
      and not exists (select from activity_records as linked
        where linked.activity_id = activities.id and not (${withoutOpenDeal(sql`linked.record_id`)}))`;
    const own = { table: 'activities', condition, order: sql`occurred_at, id` };
    rules.push({ rule: 'activities', action: 'delete', before: at, perNight: activities.per_night, ...own });
  }
  if (timeline !== undefined) {
    const at = await before(timeline.older_than_days);
    // Ids are made of the time, and have an index that the times of entries have not.
    const condition = sql`timeline_entries.id < ${firstIdAt(at)}::uuid and timeline_entries.occurred_at < ${at}
      and ${withoutOpenDeal(sql`timeline_entries.subject_id`)}`;
    const own = { table: 'timeline_entries', condition, order: sql`id` };
    rules.push({ rule: 'timeline', action: 'delete', before: at, perNight: timeline.per_night, ...own });
  }
  return rules;
}

/** How much a rule would take. */
export async function countDue(database: Queryable, { table, condition }: DueRule): Promise<number> {
  const query = sql`select count(*)::integer as due from ${sql.table(table)} where ${condition}`;
  return (await database.query<{ due: number }>(toStatement(query)))[0]?.due ?? 0;
}

/** Ids of what is due, oldest first. */
export async function listDue(
  database: Queryable,
  { table, condition, order }: DueRule,
  limit: number,
): Promise<string[]> {
  const query = sql`select id from ${sql.table(table)} where ${condition} order by ${order} limit ${limit}`;
  return (await database.query<{ id: string }>(toStatement(query))).map(({ id }) => id);
}

/** No open deal is this record, and none is connected with it. */
function withoutOpenDeal(record: Sql): Sql {
  return sql`not exists (select from deals where status = 'open' and id in (
      select ${record}
      union all select second_id from associations where first_id = ${record}
      union all select first_id from associations where second_id = ${record}))`;
}

function firstIdAt(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { erasedMark, patternsOf } from '../pattern.ts';
import type { Person } from '../person.ts';

/** How a column holds text. */
export type TextType = 'text' | 'text[]' | 'json' | 'jsonb';

/** A table, and where people stand in it. */
export interface Place {
  readonly table: string;
  /** Rows that are about a person, over the table's columns. */
  readonly about?: (person: Person) => Sql;
  /** What those rows become; absent, they are deleted. */
  readonly emptied?: Readonly<Record<string, Sql>>;
  /** Rows of which nothing is left that tells of a person, once they were emptied. */
  readonly isEmpty?: Sql;
  /** Columns in which other rows may name a person. */
  readonly texts?: Readonly<Record<string, TextType>>;
  /** Columns of text that never name anybody but who works with them here. */
  readonly harmless?: readonly string[];
  /** Set where `texts` are those of records, which are written by the rules of their kind. */
  readonly isRecords?: boolean;
}

/** How many rows of a place tell of a person. */
export interface PlaceCount {
  readonly place: string;
  /** Rows about the person. */
  readonly about: number;
  /** Other rows that name the person. */
  readonly mentions: number;
}

/** Counts what a place holds of a person. */
export async function countPlace(database: Queryable, place: Place, person: Person): Promise<PlaceCount> {
  const about = aboutSql(place, person);
  const named = mentionsSql(place, person);
  const query = sql`select count(*) filter (where ${about})::integer as about,
      count(*) filter (where not (${about}) and ${named})::integer as mentions
    from ${sql.table(place.table)} where ${about} or ${named}`;
  const rows = await database.query<Omit<PlaceCount, 'place'>>(toStatement(query));
  const { about: own = 0, mentions = 0 } = rows[0] ?? {};
  return { place: place.table, about: own, mentions };
}

/** Deletes or empties the rows about a person; gives how many they were. */
export async function erasePlace(database: Queryable, place: Place, person: Person): Promise<number> {
  if (place.about === undefined) return 0;
  const table = sql.table(place.table);
  const about = aboutSql(place, person);
  const query =
    place.emptied === undefined
      ? sql`with gone as (delete from ${table} where ${about} returning 1) select count(*)::integer as rows from gone`
      : sql`with emptied as (update ${table} set ${assignments(place.emptied)} where ${about} returning 1)
          select count(*)::integer as rows from emptied`;
  const [row] = await database.query<{ rows: number }>(toStatement(query));
  return row?.rows ?? 0;
}

/** Puts a mark where other rows name a person; gives how many did. */
export async function replaceInPlace(database: Queryable, place: Place, person: Person): Promise<number> {
  const { texts = {} } = place;
  const patterns = patternsOf(person, 'postgresql');
  if (Object.keys(texts).length === 0 || patterns.length === 0) return 0;
  const replaced = Object.entries(texts).map(([column, type]) => [column, erasedSql(column, type, patterns)]);
  const query = sql`with marked as (
      update ${sql.table(place.table)} set ${assignments(Object.fromEntries(replaced))}
      where ${mentionsSql(place, person)} returning 1
    ) select count(*)::integer as rows from marked`;
  const [row] = await database.query<{ rows: number }>(toStatement(query));
  return row?.rows ?? 0;
}

/** The rows of a place that tell of a person, as JSON; those that only name the person included. */
export function rowsSql(place: Place, person: Person): Sql {
  const table = sql.table(place.table);
  return sql`select to_jsonb(${table}) - 'search' as row from ${table} where ${aboutSql(place, person)} or ${mentionsSql(place, person)}`;
}

/** The condition that a row is about a person and not yet emptied. */
export function aboutSql({ about, isEmpty }: Place, person: Person): Sql {
  if (about === undefined) return sql`false`;
  return isEmpty === undefined ? sql`(${about(person)})` : sql`(${about(person)} and not (${isEmpty}))`;
}

/** The condition that a row names a person in one of its texts. */
export function mentionsSql({ texts = {} }: Pick<Place, 'texts'>, person: Person): Sql {
  const columns = Object.entries(texts).map(([column, type]) => textSql(column, type));
  const patterns = patternsOf(person, 'postgresql');
  const [first, ...others] = columns.flatMap((column) =>
    patterns.map((pattern) => sql`coalesce(${column} ~* ${pattern}, false)`),
  );
  if (first === undefined) return sql`false`;
  return sql`(${sql.join([first, ...others], sql` or `)})`;
}

function textSql(column: string, type: TextType): Sql {
  if (type === 'text') return sql.ref(column);
  return type === 'text[]' ? sql`array_to_string(${sql.ref(column)}, e'\n')` : sql`${sql.ref(column)}::text`;
}

function erasedSql(column: string, type: TextType, patterns: readonly string[]): Sql {
  const replaced = (text: Sql): Sql =>
    patterns.reduce<Sql>(
      (inner, pattern) => sql`regexp_replace(${inner}, ${pattern}, ${String.raw`\1` + erasedMark}, 'gi')`,
      text,
    );
  const ref = sql.ref(column);
  if (type === 'text') return replaced(ref);
  if (type !== 'text[]') return sql`${replaced(sql`${ref}::text`)}::${sql.raw(type)}`;
  const items = sql`array(select ${replaced(sql`item`)} from unnest(${ref}) with ordinality as given (item, place)
    order by place)`;
  return sql`case when ${ref} is null then null else ${items} end`;
}

function assignments(columns: Readonly<Record<string, Sql>>): Sql {
  return sql.join(Object.entries(columns).map(([column, value]) => sql`${sql.ref(column)} = ${value}`));
}

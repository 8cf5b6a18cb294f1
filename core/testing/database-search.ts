import { Client, escapeIdentifier } from 'pg';
import type { ServerConnection } from '../database/connection.ts';

/** A text and a table that holds it. */
export interface FoundText {
  readonly text: string;
  /** With its schema. */
  readonly table: string;
}

/**
 * Which tables of a database hold these texts, whatever schema they belong to, the catalogue of PostgreSQL included: in any
 * column, without regard to case, and in bytes as UTF-8. As the superuser, who sees everything.
 */
export async function searchDatabase(
  connection: ServerConnection,
  texts: readonly string[],
): Promise<FoundText[]> {
  const client = new Client({ ...connection });
  await client.connect();
  try {
    const found: FoundText[] = [];
    const { rows: tables } = await client.query<{ schema: string; name: string }>(
      `select nspname as schema, relname as name from pg_class join pg_namespace as n on n.oid = relnamespace
       where relkind in ('r', 'm') and relpersistence <> 't' order by 1, 2`,
    );
    for (const { schema, name } of tables) {
      const table = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
      const { rows } = await client.query<{ text: string }>(
        `select text from unnest($1::text[]) as text where exists (
           select from ${table} as kept where strpos(lower(kept::text), lower(text)) > 0
             or strpos(kept::text, encode(convert_to(text, 'UTF8'), 'hex')) > 0)`,
        [texts],
      );
      found.push(...rows.map(({ text }) => ({ text, table: `${schema}.${name}` })));
    }
    return found;
  } finally {
    await client.end();
  }
}

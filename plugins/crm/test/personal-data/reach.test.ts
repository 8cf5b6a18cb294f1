import { afterAll, beforeAll, expect, test } from 'vitest';
import { places, withoutPeople } from '../../personal-data/reach/places.ts';
import { startCrm } from '../support.ts';
import type { CrmAppliance } from '../support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const named = new Map(places.map((place) => [place.table, place]));

test('an erasure knows every table of the schema: who stands in it, or why nobody does', async () => {
  const rows = await crm.database.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = current_schema()::regnamespace
      and relkind in ('r', 'p', 'm') order by 1`,
  );
  const tables = rows.map(({ name }) => name);
  expect(tables.filter((table) => !named.has(table) && withoutPeople[table] === undefined)).toEqual([]);
  expect([...named.keys(), ...Object.keys(withoutPeople)].filter((table) => !tables.includes(table))).toEqual(
    [],
  );
  expect(Object.keys(withoutPeople).filter((table) => named.has(table))).toEqual([]);
});

test('an erasure knows every column of text: what becomes of it, or that nobody stands in it', async () => {
  const columns = await crm.database.query<{ table: string; column: string; type: string }>(
    `select relname as table, attname as column, format_type(atttypid, null) as type
     from pg_class join pg_attribute on attrelid = pg_class.oid
     where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and attnum > 0
       and not attisdropped
       and format_type(atttypid, null) not in ('uuid', 'uuid[]', 'integer', 'bigint', 'numeric', 'boolean', 'date',
         'timestamp with time zone', 'tsvector')`,
  );
  const unnamed = columns.filter(({ table, column }) => {
    const place = named.get(table);
    return (
      place !== undefined && place.texts?.[column] === undefined && place.harmless?.includes(column) !== true
    );
  });
  expect(unnamed).toEqual([]);
  const wrong = columns.filter(({ table, column, type }) => {
    const known = named.get(table)?.texts?.[column];
    return known !== undefined && known !== type;
  });
  expect(wrong).toEqual([]);
});

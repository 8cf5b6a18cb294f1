import Type from 'typebox';
import fc from 'fast-check';
import type { Caller } from '../../http.ts';
import type { Field } from '../fields/field.ts';
import { choiceField, referenceField, refused, requiredTextField, textField } from '../fields/text-fields.ts';
import { foldAccents } from '../fields/text.ts';
import { booleanField, dateField, decimalField, instantField, integerField } from '../fields/value-fields.ts';
import { defineTable } from '../table/define-table.ts';
import type { TestDatabase } from '../../../testing/postgres.ts';
import { testDatabase } from '../../../testing/postgres.ts';

/** Runs of each property: short in every run of the suite; `ORCHESTRALL_PROPERTY_RUNS=1000` looks further. */
export const propertyRuns = Number(process.env['ORCHESTRALL_PROPERTY_RUNS'] ?? 25);

/** A resource with a column of every type. */
export const things = defineTable({
  name: 'thing',
  plural: 'things',
  path: '/api/v1/things/things',
  table: 'things',
  fields: {
    title: requiredTextField(100, 'a thing has a title', { description: 'Title.' }),
    nick: textField(100, { description: 'Nick.', folded: { column: 'nick_key', fold: foldAccents } }),
    kind: choiceField(['round', 'square'], { description: 'Kind.' }),
    size: integerField({ minimum: -1_000, maximum: 1_000 }, { description: 'Size.' }),
    price: decimalField({ whole: 12, fraction: 2 }, { description: 'Price.' }),
    open: booleanField({ description: 'Open.' }),
    opened_on: dateField({ description: 'Opened.' }),
    seen_at: instantField({ description: 'Seen.' }),
    owner_id: referenceField({ description: 'Owner.' }),
    labels: labelsField(),
  },
});

function labelsField(): Field {
  const schema = Type.Array(Type.String());
  return {
    schema,
    input: Type.Optional(schema),
    type: 'text[]',
    headers: [],
    required: true,
    read: (given) =>
      Array.isArray(given ?? []) ? { kept: given ?? [], faults: [] } : refused([], 'must be a list'),
  };
}

const migration = `
create table things (
  id uuid primary key,
  title text not null,
  nick text,
  nick_key text,
  kind text,
  size bigint,
  price numeric(14, 2),
  open boolean,
  opened_on date,
  -- With microseconds, finer than what the wire shows.
  seen_at timestamptz,
  owner_id uuid,
  labels text[] not null default '{}',
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1
);`;

/** A database with an empty table of things, as the plugin `things` has it. */
export async function thingsDatabase(): Promise<TestDatabase> {
  const migrations = [{ number: 1, name: 'create-things', sql: migration }];
  return testDatabase({ plugins: ['things'], migrations: [{ owner: 'things', migrations }] });
}

/** Who asks. */
export const somebody: Caller = {
  id: 'somebody',
  kind: 'user',
  name: 'somebody',
  roles: ['operator'],
  teams: [],
  leads: [],
};

/** Few texts, so that many rows share one; some that mean something to SQL, to LIKE or to another collation. */
export const words = [
  'a',
  'A',
  'ä',
  'b',
  'aa',
  'ab',
  'Z',
  'zz',
  '%',
  '_',
  'a%b',
  'a_b',
  '\\',
  "'",
  '"',
  '｡',
  '😀',
  "'; drop table things; --",
  '$1',
  '{"a":1}',
  '2026-01-01',
  '0',
];
const ids = ['018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-0000000000ff'];
const instants = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', '1999-12-31T23:59:59.999Z'];

/** Values of each field. */
export const values = {
  title: fc.constantFrom(...words),
  nick: fc.constantFrom(...words),
  kind: fc.constantFrom('round', 'square'),
  size: fc.integer({ min: -3, max: 3 }),
  price: fc.integer({ min: -300, max: 300 }).map((cents) => (cents / 100).toFixed(2)),
  open: fc.boolean(),
  opened_on: fc.constantFrom('2026-01-01', '2026-02-28', '0099-12-31', '9999-12-31'),
  seen_at: fc.constantFrom(...instants),
  owner_id: fc.constantFrom(...ids),
};

const orNull = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });

/** What a thing is created with. */
export const thing = fc.record({
  title: values.title,
  nick: orNull(values.nick),
  kind: orNull(values.kind),
  size: orNull(values.size),
  price: orNull(values.price),
  open: orNull(values.open),
  opened_on: orNull(values.opened_on),
  seen_at: orNull(values.seen_at),
  owner_id: orNull(values.owner_id),
  labels: fc.uniqueArray(fc.constantFrom(...words), { maxLength: 3 }),
});

/** A thing as it is answered. */
export type Thing = typeof thing extends fc.Arbitrary<infer Given> ? Given & { readonly id: string } : never;

/** Names of the fields that have an order. */
export const ordered = Object.keys(values) as (keyof typeof values)[];

/** The value by which a record is compared, as numbers or bytes; undefined for none. */
export function keyOf(name: string, given: unknown): number | Buffer | undefined {
  if (given === null || given === undefined) return undefined;
  if (Array.isArray(given) && given.length === 0) return undefined;
  if (name === 'size' || name === 'price' || name === 'open') return Number(given);
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  return Buffer.from(name === 'nick' ? foldAccents(text) : text);
}

/** Compares two such values; those that are missing come last. */
export function compareKeys(left: number | Buffer, right: number | Buffer): number {
  if (typeof left === 'number' || typeof right === 'number') return Number(left) - Number(right);
  return Buffer.compare(left, right);
}

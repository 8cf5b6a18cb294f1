import type { Transaction } from '@orchestrall/sdk';
import { booleanField, instantField, integerField, textField, toStatement } from '@orchestrall/sdk/resources';
import type { FieldSet, Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { TableName } from '../records/kind.ts';
import type { Declared } from './build-field.ts';
import type { CustomField } from './schemas.ts';

/** A definition as it is kept; how it is answered depends on the built-in fields there are. */
export type Definition = Omit<CustomField, 'answered_as'>;

/** What of a definition stands in one column together. */
const settingNames = [
  'default',
  'minimum',
  'maximum',
  'min_length',
  'max_length',
  'pattern',
  'digits',
  'options',
  'references',
] as const;

type Settings = Pick<Definition, (typeof settingNames)[number]>;

/** A row of `custom_fields`; instants are Dates. */
export type DefinitionRow = Omit<
  Definition,
  keyof Settings | 'unique' | 'removed_at' | 'created_at' | 'updated_at'
> & {
  readonly is_unique: boolean;
  readonly settings: Settings;
  readonly removed_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** What lists of definitions may be filtered and sorted by. */
export const definitionColumns = {
  object: textField(100, { description: 'The kind of record.' }),
  name: textField(100, { description: 'Its name.' }),
  label: textField(100, { description: 'Its label.' }),
  type: textField(100, { description: 'Its type.' }),
  required: booleanField({ description: 'Whether it is required.' }),
  unique: booleanField({ description: 'Whether it is unique.', column: 'is_unique' }),
  indexed: booleanField({ description: 'Whether it is indexed.' }),
  searchable: booleanField({ description: 'Whether it is searchable.' }),
  position: integerField({ minimum: 0, maximum: 1_000_000 }, { description: 'Its place.' }),
  removed_at: instantField({ description: 'When it was removed.' }),
} satisfies FieldSet;

/** The columns that a definition is read from. */
export const definitionSelection = sql.raw(
  'id, object, name, label, description, type, required, is_unique, indexed, searchable, settings, position, removed_at, created_at, updated_at, version',
);

/** A row as a definition. */
export function toDefinition(row: DefinitionRow): Definition {
  const { is_unique, settings, removed_at, created_at, updated_at, ...same } = row;
  return {
    ...same,
    unique: is_unique,
    ...settings,
    removed_at: removed_at?.toISOString() ?? null,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

/** All definitions, in the order in which their fields are answered. */
export async function listDefinitions(database: Queryable): Promise<Definition[]> {
  return select(database, sql`order by object, position, name`);
}

/** One definition by its id; `lock` holds it until the transaction ends. */
export async function findDefinition(
  database: Queryable,
  id: string,
  lock = false,
): Promise<Definition | undefined> {
  const found = await select(database, sql`where id = ${id}::uuid ${lock ? sql`for update` : sql``}`);
  return found[0];
}

/** Those of one kind, removed ones included, while nobody else changes any. */
export async function holdDefinitions(tx: Transaction, object: TableName): Promise<Definition[]> {
  await tx.query('lock table custom_fields in share row exclusive mode');
  return select(tx, sql`where object = ${object} order by position, name`);
}

/** Writes a new definition. */
export async function insertDefinition(tx: Transaction, id: string, declared: Declared): Promise<Definition> {
  const columns = columnsOf(declared);
  const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)));
  const values = sql.join(Object.values(columns));
  return write(tx, sql`insert into custom_fields (id, ${names}) values (${id}, ${values})`);
}

/** Writes what is declared of a field, and whether it is removed; its version grows by one. */
export async function updateDefinition(
  tx: Transaction,
  id: string,
  declared: Declared,
  removed: boolean,
): Promise<Definition> {
  const set = Object.entries(columnsOf(declared)).map(([name, value]) => sql`${sql.ref(name)} = ${value}`);
  return write(
    tx,
    sql`update custom_fields set ${sql.join(set)},
      removed_at = ${removed ? sql`clock_timestamp()` : sql`null`},
      updated_at = clock_timestamp(), version = version + 1 where id = ${id}`,
  );
}

/** Deletes a definition. */
export async function deleteDefinition(tx: Transaction, id: string): Promise<void> {
  await tx.query('delete from custom_fields where id = $1', [id]);
}

function columnsOf(declared: Declared): Record<string, Sql> {
  const settings = Object.fromEntries(settingNames.map((name) => [name, declared[name]]));
  const { object, name, label, description, type, required, unique, indexed, searchable, position } =
    declared;
  const plain = {
    object,
    name,
    label,
    description,
    type,
    required,
    is_unique: unique,
    indexed,
    searchable,
    position,
  };
  return {
    ...Object.fromEntries(Object.entries(plain).map(([column, value]) => [column, sql`${value}`])),
    settings: sql`${JSON.stringify(settings)}::jsonb`,
  };
}

async function write(tx: Transaction, statement: Sql): Promise<Definition> {
  const rows = await tx.query<DefinitionRow>(toStatement(sql`${statement} returning ${definitionSelection}`));
  const [row] = rows;
  if (row === undefined) throw new TypeError('a written definition was not returned');
  return toDefinition(row);
}

async function select(database: Queryable, rest: Sql): Promise<Definition[]> {
  const query = sql`select ${definitionSelection} from custom_fields ${rest}`;
  return (await database.query<DefinitionRow>(toStatement(query))).map(toDefinition);
}

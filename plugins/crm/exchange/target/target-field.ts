import type { Field } from '@orchestrall/sdk/resources';
import type { Definition } from '../../custom-fields/store.ts';
import type { FieldType, FieldValue, TargetField } from '../../provider.ts';

/** Built-in texts that are more than text, by their names. */
const builtIn: Readonly<Record<string, FieldType>> = {
  email: 'email',
  phone: 'phone',
  website: 'url',
  domain: 'domain',
  owner_id: 'user',
};

const byColumn: Readonly<Record<Field['type'], FieldType | undefined>> = {
  text: 'text',
  uuid: undefined,
  integer: 'integer',
  bigint: 'integer',
  numeric: 'decimal',
  boolean: 'boolean',
  date: 'date',
  timestamptz: 'date_time',
  'text[]': 'multi_choice',
  jsonb: undefined,
};

/** A field of a kind of record as providers know it; undefined for one that they cannot fill. */
export function targetField(
  name: string,
  field: Field,
  references: string | undefined,
  custom: Definition | undefined,
): TargetField | undefined {
  if (field.derived !== undefined) return undefined;
  const choices = choicesOf(field.schema);
  const type = references === undefined ? typeOf(name, field, custom, choices) : 'reference';
  if (type === undefined) return undefined;
  const maxLength = property(field.schema, 'maxLength');
  const scale = custom?.digits?.fraction;
  return {
    name,
    type,
    ...(field.required === true ? { required: true } : {}),
    ...(typeof maxLength === 'number' ? { maxLength } : {}),
    ...(scale === undefined ? {} : { scale }),
    ...(choices === undefined ? {} : { choices }),
    ...(references === undefined ? {} : { references }),
    faultOf: (value: FieldValue) => field.read(value).faults[0]?.message,
  };
}

function typeOf(
  name: string,
  field: Field,
  custom: Definition | undefined,
  choices: readonly string[] | undefined,
): FieldType | undefined {
  if (custom !== undefined) return custom.type === 'long_text' ? 'text' : custom.type;
  if (choices !== undefined && field.type === 'text') return 'choice';
  return builtIn[name] ?? byColumn[field.type];
}

/** The names of a choice, or of the items of a list of them. */
function choicesOf(schema: object): string[] | undefined {
  const items = property(schema, 'items');
  const names = property(typeof items === 'object' && items !== null ? items : schema, 'enum');
  if (!Array.isArray(names)) return undefined;
  return names.filter((each) => typeof each === 'string');
}

function property(schema: object, name: string): unknown {
  return Object.hasOwn(schema, name) ? Reflect.get(schema, name) : undefined;
}

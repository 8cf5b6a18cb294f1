import { Id, Instant, Nullable, bookkeeping } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { TableName } from '../records/kind.ts';
import {
  defaultDigits,
  maxDigits,
  maxLongTextLength,
  maxNameLength,
  maxOptions,
  maxRemoved,
} from './limits.ts';
import { customTypes } from './types.ts';
import type { CustomType } from './types.ts';

const OptionInput = Type.Object(
  {
    value: Type.String({ minLength: 1, maxLength: 100, description: 'What records hold; never changes.' }),
    label: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: 'What people read; default the value.' }),
    ),
    retired: Type.Optional(
      Type.Boolean({ description: 'Not given to further records; those that have it keep it.' }),
    ),
  },
  { additionalProperties: false },
);

/** One option of a choice. */
export const Option = Type.Required(OptionInput);
export type Option = Static<typeof Option>;

const Digits = Type.Object(
  {
    whole: Type.Integer({ minimum: 1, maximum: maxDigits.whole, description: 'Before the point.' }),
    fraction: Type.Integer({ minimum: 1, maximum: maxDigits.fraction, description: 'After the point.' }),
  },
  { additionalProperties: false },
);

const FieldType = Type.Unsafe<CustomType>({
  type: 'string',
  enum: [...customTypes],
  description: 'Decides how values are kept; never changes.',
});

const about = {
  label: 'What people read; also the name of its column in files, beside the name itself.',
  required: 'Records that are created or changed from now on must have a value; others keep none.',
  unique: 'No two records have the same value, whatever its case.',
  indexed: 'Filters and sorting go by an index. Records that have a value in it are imported more slowly.',
  searchable: 'Searches look into it; counts for values written from now on.',
  default: 'What new records have where nothing is given.',
  bound: (word: string) =>
    `${word} of an integer, decimal, date or date_time; as text, such as "0.50", "2026-01-01".`,
  pattern:
    'What the whole value must match: a regular expression without anchors, references back and looking around.',
  digits: `Digits of a decimal; default ${defaultDigits.whole} before the point and ${defaultDigits.fraction} after it. Can only grow.`,
  options: 'Of a choice or multi_choice. None can be left out later: it is retired instead.',
  references: 'Of a reference: the kind of record it refers to. It becomes null when that record is deleted.',
  position: 'Fields are answered and exported in this order, after those that are built in.',
};

const Length = Type.Integer({ minimum: 1, maximum: maxLongTextLength });

/** Names of kinds of records, of which custom fields are a part or to which they refer. */
export function objectSchema(objects: readonly TableName[], description: string) {
  return Type.Unsafe<TableName>({ type: 'string', enum: [...objects], description });
}

/** A custom field as it is answered. */
export function customFieldSchema(objects: readonly TableName[]) {
  return Type.Object(
    {
      id: Id,
      object: objectSchema(objects, 'The kind of record it belongs to.'),
      name: Type.String(),
      answered_as: Type.String({
        description:
          'The field in records, filters and files: its name, or `custom_` and the name where a later version brought a built-in field of that name.',
      }),
      label: Type.String({ description: about.label }),
      description: Nullable(Type.String()),
      type: FieldType,
      required: Type.Boolean({ description: about.required }),
      unique: Type.Boolean({ description: about.unique }),
      indexed: Type.Boolean({ description: about.indexed }),
      searchable: Type.Boolean({ description: about.searchable }),
      default: Type.Unknown({ description: about.default }),
      minimum: Nullable(Type.String({ description: about.bound('Least value') })),
      maximum: Nullable(Type.String({ description: about.bound('Greatest value') })),
      min_length: Nullable(Type.Integer()),
      max_length: Nullable(Type.Integer()),
      pattern: Nullable(Type.String({ description: about.pattern })),
      digits: Nullable(Digits),
      options: Type.Unsafe<Option[] | null>({ type: ['array', 'null'], items: Option }),
      references: Type.Unsafe<TableName | null>({ ...Nullable(Type.String()), enum: [...objects, null] }),
      position: Type.Integer({ description: about.position }),
      removed_at: Nullable(
        Type.String({
          ...Instant,
          description: `When it was removed; its data are kept until it is purged, of ${maxRemoved} fields at most.`,
        }),
      ),
      ...bookkeeping,
    },
    { title: 'CustomField' },
  );
}
/** A custom field. */
export type CustomField = Static<ReturnType<typeof customFieldSchema>>;

const Bound = (word: string) =>
  Type.Optional(
    Type.Unsafe<string | number | null>({
      type: ['string', 'number', 'null'],
      description: about.bound(word),
    }),
  );

/** What a custom field is declared with. */
export function customFieldInputSchema(objects: readonly TableName[]) {
  return Type.Object(
    {
      object: objectSchema(objects, 'The kind of record it belongs to; never changes.'),
      name: Type.String({
        maxLength: 200,
        description: `Lower case, digits and single \`_\`, beginning with a letter, at most ${maxNameLength} characters; never changes.`,
        examples: ['customer_number'],
      }),
      type: FieldType,
      label: Type.Optional(
        Nullable(Type.String({ description: `${about.label} Default the name in words.` })),
      ),
      description: Type.Optional(Nullable(Type.String())),
      required: Type.Optional(Nullable(Type.Boolean({ description: about.required }))),
      unique: Type.Optional(Nullable(Type.Boolean({ description: about.unique }))),
      indexed: Type.Optional(Nullable(Type.Boolean({ description: about.indexed }))),
      searchable: Type.Optional(Nullable(Type.Boolean({ description: about.searchable }))),
      default: Type.Optional(Type.Unknown({ description: about.default })),
      minimum: Bound('Least value'),
      maximum: Bound('Greatest value'),
      min_length: Type.Optional(Nullable(Length)),
      max_length: Type.Optional(Nullable(Length)),
      pattern: Type.Optional(Nullable(Type.String({ maxLength: 1_000, description: about.pattern }))),
      digits: Type.Optional(
        Type.Unsafe<Static<typeof Digits> | null>({
          ...Digits,
          type: ['object', 'null'],
          description: about.digits,
        }),
      ),
      options: Type.Optional(
        Type.Unsafe<Static<typeof OptionInput>[] | null>({
          type: ['array', 'null'],
          items: OptionInput,
          minItems: 1,
          maxItems: maxOptions,
          description: about.options,
        }),
      ),
      references: Type.Optional(
        Type.Unsafe<TableName | null>({
          type: ['string', 'null'],
          enum: [...objects, null],
          description: about.references,
        }),
      ),
      position: Type.Optional(
        Nullable(Type.Integer({ minimum: 0, maximum: 1_000_000, description: about.position })),
      ),
    },
    { title: 'CustomFieldInput', additionalProperties: false },
  );
}
/** What a custom field is declared with. */
export type CustomFieldInput = Static<ReturnType<typeof customFieldInputSchema>>;

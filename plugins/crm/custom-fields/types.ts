import type { ColumnType } from '@orchestrall/sdk/resources';

/** What may be said of a field's values, by the name under which it is sent. */
export type SettingName =
  | 'minimum'
  | 'maximum'
  | 'min_length'
  | 'max_length'
  | 'pattern'
  | 'digits'
  | 'options'
  | 'references';

/** What a type of custom field is kept as and what goes with it. */
export interface TypeRules {
  readonly column: ColumnType;
  readonly settings: readonly SettingName[];
  /** Whether its values can be held to be different. */
  readonly unique: boolean;
  readonly searchable: boolean;
  /** Whether an index can serve filters and sorting. */
  readonly indexable: boolean;
}

/** The types of custom fields. */
export const typeRules = {
  text: {
    column: 'text',
    settings: ['min_length', 'max_length', 'pattern'],
    unique: true,
    searchable: true,
    indexable: true,
  },
  long_text: {
    column: 'text',
    settings: ['min_length', 'max_length'],
    unique: false,
    searchable: true,
    indexable: false,
  },
  integer: {
    column: 'bigint',
    settings: ['minimum', 'maximum'],
    unique: true,
    searchable: false,
    indexable: true,
  },
  decimal: {
    column: 'numeric',
    settings: ['digits', 'minimum', 'maximum'],
    unique: true,
    searchable: false,
    indexable: true,
  },
  boolean: { column: 'boolean', settings: [], unique: false, searchable: false, indexable: true },
  date: {
    column: 'date',
    settings: ['minimum', 'maximum'],
    unique: false,
    searchable: false,
    indexable: true,
  },
  date_time: {
    column: 'timestamptz',
    settings: ['minimum', 'maximum'],
    unique: false,
    searchable: false,
    indexable: true,
  },
  choice: { column: 'text', settings: ['options'], unique: false, searchable: false, indexable: true },
  multi_choice: {
    column: 'text[]',
    settings: ['options'],
    unique: false,
    searchable: false,
    indexable: true,
  },
  reference: { column: 'uuid', settings: ['references'], unique: false, searchable: false, indexable: true },
  url: {
    column: 'text',
    settings: ['max_length', 'pattern'],
    unique: true,
    searchable: true,
    indexable: true,
  },
  email: { column: 'text', settings: ['pattern'], unique: true, searchable: true, indexable: true },
  phone: { column: 'text', settings: ['pattern'], unique: true, searchable: true, indexable: true },
} as const satisfies Readonly<Record<string, TypeRules>>;

/** Name of a type of custom field. */
export type CustomType = keyof typeof typeRules;

/** Their names, as a schema's `enum` and a message list them. */
export const customTypes: readonly string[] = Object.keys(typeRules);

/** The rules of a type. */
export function rulesOf(type: CustomType): TypeRules {
  return typeRules[type];
}

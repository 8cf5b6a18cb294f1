import { Id, Instant, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { CsvFormat, Delimiter, Encoding, QuoteStyle } from '../csv/format.ts';

/** Which records a file holds. */
export const ImportObject = Type.Unsafe<'contacts' | 'companies' | 'deals' | 'activities'>({
  type: 'string',
  enum: ['contacts', 'companies', 'deals', 'activities'],
  description: 'Records that the file holds.',
});
export type ImportObject = Static<typeof ImportObject>;

/** How far an import is. */
export const ImportStatus = Type.Union(
  [
    Type.Literal('uploaded'),
    Type.Literal('checking'),
    Type.Literal('checked'),
    Type.Literal('queued'),
    Type.Literal('running'),
    Type.Literal('completed'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
  ],
  {
    description:
      '`uploaded` waits for its mapping or start; `checking` and `checked` are a dry run, whose counts say what would be.',
  },
);
export type ImportStatus = Static<typeof ImportStatus>;

/** Which target each column feeds. */
export const ImportMapping = Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), {
  description:
    'Field by name of column, or by its place such as `#2`; null leaves the column out, `company_id.name` finds the ' +
    'company by its name, and of an activity `contact.email`, `company.domain` and `deal.external_id` records that it is ' +
    'about. Columns that are not named are matched by themselves.',
  examples: [{ Mail: 'email', Firma: 'company_id.name', '#7': null }],
});
export type ImportMapping = Static<typeof ImportMapping>;

/** What becomes of a row that refers to a record that is not there. */
export const MissingReferences = Type.Union(
  [Type.Literal('create'), Type.Literal('leave_empty'), Type.Literal('fail')],
  {
    description:
      'What to do with a company, or another record, that a row names by a key and that does not exist; default `create`.',
  },
);

const rows = (description: string) => Type.Integer({ minimum: 0, description });

/** One import of a CSV file. */
export const Import = Type.Object(
  {
    id: Id,
    object: ImportObject,
    key: Type.String({
      description: 'Field by which a row finds the record it changes; empty where records have no key.',
    }),
    status: ImportStatus,
    reason: Nullable(Type.String({ description: 'Why it failed, or why its dry run stopped.' })),
    format: CsvFormat,
    source: Nullable(
      Type.String({ description: 'System whose export the file is; known once the header was read.' }),
    ),
    mapping: ImportMapping,
    missing_references: MissingReferences,
    rows_total: rows('Rows read so far; all of them once it has ended.'),
    rows_created: rows('Rows that made a record.'),
    rows_updated: rows('Rows that found their record, changed or not.'),
    rows_failed: rows('Rows refused; see its errors.'),
    bytes_total: rows('Size of the file.'),
    bytes_done: rows('Bytes of it that are done.'),
    ignored_columns: Type.Array(Type.String(), { description: 'Columns of the file that no field takes.' }),
    created_at: Instant,
    updated_at: Instant,
    finished_at: Nullable(Instant),
  },
  { title: 'Import' },
);
export type Import = Static<typeof Import>;

/** The field by which a row finds its record. */
export const ImportKey = Type.String({
  maxLength: 100,
  description:
    'Contacts: `email`. Companies: `domain` or `name`. Deals: `external_id` or `name`. Default the first of them.',
});

const settings = {
  key: Type.Optional(ImportKey),
  missing_references: Type.Optional(MissingReferences),
  delimiter: Type.Optional(Delimiter),
  encoding: Type.Optional(Encoding),
  quote: Type.Optional(QuoteStyle),
};

/** What an import is started with, beside the file. */
export const ImportQuery = Type.Object({
  object: ImportObject,
  ...settings,
  mapping: Type.Optional(
    Type.String({ maxLength: 12_000, description: 'As JSON, such as `{"Mail":"email","Notes":null}`.' }),
  ),
  start: Type.Optional(
    Type.Boolean({
      description: 'False only takes the file in, to look at its preview first; default true.',
    }),
  ),
  dry_run: Type.Optional(
    Type.Boolean({
      description: 'Reads the whole file and says what would be, without writing; default false.',
    }),
  ),
});

/** What can be changed about an import that has not been started. */
export const ImportPatch = Type.Object(
  { ...settings, mapping: Type.Optional(ImportMapping) },
  { title: 'ImportPatch', additionalProperties: false },
);
export type ImportPatch = Static<typeof ImportPatch>;

/** How an import is started. */
export const ImportStart = Type.Object(
  {
    dry_run: Type.Optional(Type.Boolean({ description: 'Whether nothing is to be written; default false.' })),
  },
  { title: 'ImportStart', additionalProperties: false },
);

/** What an import would make of its file, from its beginning. */
export const ImportPreview = Type.Object(
  {
    format: CsvFormat,
    source: Nullable(Type.String({ description: 'System whose export the file is.' })),
    key: Type.String(),
    columns: Type.Array(
      Type.Object({
        place: Type.Integer({ minimum: 1 }),
        name: Type.String(),
        target: Nullable(Type.String({ description: 'What it would feed.' })),
        reason: Nullable(
          Type.String({
            description:
              'How that is known: `mapping`, `field` (its name), `source` (the system it comes from), `other_name`.',
          }),
        ),
      }),
    ),
    unmapped_columns: Type.Array(Type.String()),
    targets: Type.Array(Type.String(), { description: 'Everything a column may be mapped to.' }),
    rows: Type.Array(
      Type.Object({
        line: Type.Integer({ minimum: 1 }),
        fields: Type.Record(Type.String(), Type.Unknown(), { description: 'Values as they would be kept.' }),
        references: Type.Record(Type.String(), Type.Record(Type.String(), Type.String()), {
          description: 'Records that it refers to, by their keys.',
        }),
        faults: Type.Array(Type.String()),
      }),
    ),
    faults: Type.Array(Type.String(), { description: 'Why the file could not be imported as it is mapped.' }),
  },
  { title: 'ImportPreview' },
);
export type ImportPreview = Static<typeof ImportPreview>;

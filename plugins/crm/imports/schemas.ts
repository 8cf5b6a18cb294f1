import Type from 'typebox';
import type { Static } from 'typebox';
import { Id, Instant, Nullable } from '../fields/schemas.ts';

/** Which records a file holds. */
export const ImportObject = Type.Union([Type.Literal('contacts'), Type.Literal('companies')]);
export type ImportObject = Static<typeof ImportObject>;

/** How far an import is. */
export const ImportStatus = Type.Union(
  ['queued', 'running', 'completed', 'failed', 'cancelled'].map((status) => Type.Literal(status)),
);

const rows = (description: string) => Type.Integer({ minimum: 0, description });

/** One import of a CSV file. */
export const Import = Type.Object(
  {
    id: Id,
    object: ImportObject,
    key: Type.String({ description: 'Field by which a row finds the record it changes.' }),
    status: ImportStatus,
    reason: Nullable(Type.String({ description: 'Why it failed.' })),
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
export const ImportKey = Type.Union([Type.Literal('email'), Type.Literal('domain'), Type.Literal('name')], {
  description: 'Contacts: `email`. Companies: `domain` or `name`. Default `email` and `domain`.',
});
export type ImportKey = Static<typeof ImportKey>;

/** What an import is started with, beside the file. */
export const ImportQuery = Type.Object({ object: ImportObject, key: Type.Optional(ImportKey) });

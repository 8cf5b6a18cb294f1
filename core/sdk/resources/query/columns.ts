import type { ColumnType, Field, FieldSet, FoldedColumn } from '../fields/field.ts';
import { maxKeyLength } from '../fields/text.ts';

/** A column that lists may be filtered and sorted by. */
export interface Column {
  readonly type: ColumnType;
  /** Its name in the table. */
  readonly column: string;
  /** Whether it may be null. */
  readonly nullable: boolean;
  readonly folded: FoldedColumn | undefined;
  readonly filterable: boolean;
  readonly sortable: boolean;
}

/** Columns by the names under which requests know them. */
export type Columns = ReadonlyMap<string, Column>;

const bookkeepingColumns: readonly (readonly [string, ColumnType])[] = [
  ['id', 'uuid'],
  ['created_at', 'timestamptz'],
  ['updated_at', 'timestamptz'],
];

/** The columns of a set of fields and of what the appliance keeps beside them; `hidden` fields are left out. */
export function columnsOf(fields: FieldSet, hidden: ReadonlySet<string> = new Set()): Columns {
  const columns = new Map<string, Column>();
  for (const [name, type] of bookkeepingColumns) {
    const bookkept = { nullable: false, folded: undefined, filterable: true, sortable: true };
    columns.set(name, { type, column: name, ...bookkept });
  }
  for (const [name, field] of Object.entries(fields)) {
    if (hidden.has(name)) continue;
    const { type, column = name, required = false, folded } = field;
    // What is structured has no values that could be compared.
    const filterable = type !== 'jsonb' && (field.filterable ?? true);
    // Lists have no order, and text beyond the length of a key neither fits an index nor a cursor.
    const hasOrder = type !== 'jsonb' && type !== 'text[]';
    const sortable = hasOrder && (field.sortable ?? (folded !== undefined || isShort(field)));
    columns.set(name, { type, column, nullable: !required, folded, filterable, sortable });
  }
  return columns;
}

function isShort({ schema }: Pick<Field, 'schema'>): boolean {
  return !('maxLength' in schema && Number(schema.maxLength) > maxKeyLength);
}

/** Those that may be named by a filter. */
export function filterableOf(columns: Columns): string[] {
  return [...columns].flatMap(([name, { filterable }]) => (filterable ? [name] : []));
}

/** Those that may be named by a sort. */
export function sortableOf(columns: Columns): string[] {
  return [...columns].flatMap(([name, { sortable }]) => (sortable ? [name] : []));
}

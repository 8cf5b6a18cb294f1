import { restoreFormula } from '../csv/formulas.ts';
import type { FieldSet } from '../fields/field.ts';
import { foldAccents } from '../fields/text.ts';

/** Which field each column of a file feeds. */
export interface Columns {
  /** By place; undefined for a column that no field takes. */
  readonly fields: readonly (string | undefined)[];
  /** Fields whose cells hold several texts, separated by `;` or `,`. */
  readonly lists: ReadonlySet<string>;
  readonly ignored: readonly string[];
}

/** Reads the header of a file; a text says why the file cannot be imported. */
export function readColumns(known: FieldSet, key: string, header: readonly string[]): Columns | string {
  const fieldsByHeader = new Map(
    Object.entries(known).flatMap(([name, { headers }]) =>
      [fold(name), ...headers].map((folded) => [folded, name] as const),
    ),
  );
  const fields = header.map((column) => fieldsByHeader.get(fold(restoreFormula(column))));
  if (fields.every((field) => field === undefined)) {
    const semicolons = header.length === 1 && header[0]?.includes(';') === true;
    const hint = semicolons ? '; the cells are separated by semicolons, save the file with commas' : '';
    return `line 1: no column is known; line 1 must name columns, which are ${Object.keys(known).join(', ')}${hint}`;
  }
  const twice = fields.find((field, index) => field !== undefined && fields.indexOf(field) !== index);
  if (twice !== undefined) return `line 1: more than one column is read as ${twice}; keep one of them`;
  if (!fields.includes(key)) return `line 1: the key column ${key} is missing; add it or choose another key`;
  const lists = new Set(Object.keys(known).filter((name) => known[name]?.column === 'text[]'));
  return { fields, lists, ignored: header.filter((_, index) => fields[index] === undefined) };
}

/** What a row gives: the fields of its cells that are not empty. An empty cell leaves a field as it is. */
export function readRow(columns: Columns, cells: readonly string[]): Record<string, unknown> {
  const given = new Map<string, unknown>();
  for (const [index, field] of columns.fields.entries()) {
    const text = restoreFormula((cells[index] ?? '').trim()).trim();
    if (field === undefined || text === '') continue;
    given.set(
      field,
      columns.lists.has(field) ? text.split(/[,;]/).filter((item) => item.trim() !== '') : text,
    );
  }
  return Object.fromEntries(given);
}

/** A header without what people write in different ways: case, accents, spaces, `_`, `-` and `.`. */
function fold(column: string): string {
  return foldAccents(column).replaceAll(/[\s_.-]+/gu, '');
}

import type { FieldSet, JsonObject } from '@orchestrall/sdk/resources';
import { restoreFormula } from '../csv/formulas.ts';
import type { Columns } from './columns.ts';

/** Keys by which the other record of a reference is to be found, such as `{ name: 'Acme' }`. */
export type ReferenceKeys = Readonly<Record<string, string>>;

/** What a row gives. */
export interface RowInput {
  /** Values by field. */
  readonly given: JsonObject;
  /** References by field that are given by keys of the other record. */
  readonly references: Readonly<Record<string, ReferenceKeys>>;
}

/** Reads the cells of a row. An empty cell leaves a field as it is. */
export type RowReader = (cells: readonly string[]) => RowInput;

/** Makes the reader of a file's rows. */
export function createRowReader(fields: FieldSet, { columns, source }: Columns): RowReader {
  const separator = source?.separator;
  const readers = columns.flatMap(({ place, target }) => {
    if (target === null) return [];
    const [field = '', key] = target.split('.', 2);
    const kind = key === undefined ? cellKind(fields, field) : 'text';
    return [{ index: place - 1, field, key, kind }];
  });
  return (cells) => {
    const given = new Map<string, unknown>();
    const references = new Map<string, Map<string, string>>();
    for (const { index, field, key, kind } of readers) {
      const text = restoreFormula((cells[index] ?? '').trim()).trim();
      if (text === '') continue;
      if (kind === 'list') {
        given.set(field, listOf(text, separator, source?.bullet));
      } else if (kind === 'json') {
        given.set(field, jsonOf(text));
      } else {
        const value = separator !== undefined && separator.length > 1 ? firstOf(text, separator) : text;
        if (key === undefined) given.set(field, value);
        else references.set(field, (references.get(field) ?? new Map<string, string>()).set(key, value));
      }
    }
    return {
      given: Object.fromEntries(given),
      references: Object.fromEntries(
        [...references].map(([field, keys]) => [field, Object.fromEntries(keys)]),
      ),
    };
  };
}

/** What a cell of a field holds: a text, texts one after the other, or what only JSON can say. */
function cellKind(fields: FieldSet, name: string): 'text' | 'list' | 'json' {
  const schema = fields[name]?.schema;
  if (isOfType(schema, 'object')) return 'json';
  if (!isOfType(schema, 'array')) return 'text';
  return isOfType(Reflect.get(Object(schema), 'items'), 'string') ? 'list' : 'json';
}

function isOfType(schema: unknown, name: string): boolean {
  const type: unknown = Reflect.get(Object(schema), 'type');
  return type === name || (Array.isArray(type) && type.includes(name));
}

/** The value of JSON text; text that is none is left for its field to refuse. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function firstOf(text: string, separator: string): string {
  return text.split(separator, 1)[0]?.trim() ?? text;
}

function listOf(text: string, separator: string | undefined, bullet: string | undefined): string[] {
  const parts = separator === undefined ? [text] : text.split(separator);
  const items = parts.flatMap((part) => part.split(/[,;]/)).map((item) => item.trim());
  return items
    .map((item) => (bullet !== undefined && item.startsWith(bullet) ? item.slice(bullet.length) : item))
    .filter((item) => item !== '');
}

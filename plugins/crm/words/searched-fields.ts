import type { FieldSet } from '@orchestrall/sdk/resources';
import { fieldCode } from './field-code.ts';

/** What a field says of a record, from what names it to what is written about it. */
export type FieldRank = 'name' | 'address' | 'phone' | 'text';

/** A field by which records of a kind are found. */
export interface SearchedField {
  readonly name: string;
  /** What its lexemes begin with. */
  readonly code: string;
  readonly rank: FieldRank;
  readonly digits: boolean;
}

/** What is known of a kind of record to find its records by words. */
interface Searchable {
  readonly fields: FieldSet;
  /** By the names of fields that are keys. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** Fields that a record is called by; default the first that is found by its words. */
  readonly titles?: readonly string[];
}

/**
 * The fields by which a caller finds records of a kind: those that are declared with `search`, but for what is hidden.
 * Two fields that happened to share a code are left out when one of them is hidden.
 */
export function searchedFields(kind: Searchable, hidden: ReadonlySet<string> = new Set()): SearchedField[] {
  const all = Object.entries(kind.fields).flatMap(([name, { search }]) =>
    search === undefined
      ? []
      : [{ name, code: fieldCode(name), rank: rankOf(kind, name), digits: search === 'digits' }],
  );
  const secret = new Set([...hidden].map(fieldCode));
  return all.filter(({ code }) => !secret.has(code));
}

/** The fields that a record is called by: those declared, else the first that is searched by words. */
export function titlesOf({ fields, titles }: Pick<Searchable, 'fields' | 'titles'>): readonly string[] {
  if (titles !== undefined) return titles;
  return Object.keys(fields)
    .filter((name) => fields[name]?.search === 'words')
    .slice(0, 1);
}

function rankOf(kind: Searchable, name: string): FieldRank {
  if (titlesOf(kind).includes(name)) return 'name';
  if (kind.fields[name]?.search === 'digits') return 'phone';
  return Object.hasOwn(kind.keys, name) ? 'address' : 'text';
}

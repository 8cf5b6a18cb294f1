import Type from 'typebox';
import type { JsonObject } from '../fields/merge-patch.ts';
import type { Columns } from './columns.ts';
import { defaultPageLimit, maxPageLimit } from './page.ts';
import { readFilter } from './filter.ts';
import type { Condition } from './filter.ts';
import { readNames } from './names.ts';
import { readSort } from './sort.ts';
import type { SortKey } from './sort.ts';

/** The page after a cursor; part of every list's query. */
export const pageParameters = {
  cursor: Type.Optional(
    Type.String({
      maxLength: 16_000,
      description: 'The `next_cursor` of the page before, with the same filters and order.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: maxPageLimit,
      description: `Items a page; default ${defaultPageLimit}.`,
    }),
  ),
};

const names = (description: string) => Type.Optional(Type.String({ maxLength: 2_000, description }));

/** Which fields and related records of a record are answered. */
export const shapeParameters = {
  fields: names('Fields to answer, separated by commas; default all. `id` and `version` always come.'),
  include: names('Related records to answer inside each record, by their names, separated by commas.'),
};

/** What every list of a resource can be asked, beside filters of its own. */
export const listParameters = {
  filter: Type.Optional(
    Type.String({
      maxLength: 16_000,
      description: 'JSON: fields with the value asked for, or with operators; `and`, `or`, `not` combine.',
      examples: ['{"created_at":{"gte":"2026-01-01T00:00:00Z"}}'],
    }),
  ),
  sort: names('Fields to sort by, separated by commas, descending after a `-`; missing values come last.'),
  ...shapeParameters,
  ...pageParameters,
  count: Type.Optional(
    Type.Boolean({
      description: 'Answer `count` too: exact up to 10,000, beyond that estimated and marked.',
    }),
  ),
};

/** Which fields and related records are asked for, as given. */
export interface ShapeRequest {
  readonly fields?: string | undefined;
  readonly include?: string | undefined;
}

/**
 * What a list is asked, as given; `filter` as JSON text or as the object itself. `include` is for routes alone: they
 * answer it, and a service that is asked directly leaves it out of account.
 */
export interface ListRequest extends ShapeRequest {
  readonly filter?: string | JsonObject | undefined;
  readonly sort?: string | undefined;
  readonly cursor?: string | undefined;
  /** 1 to 200; default 50. */
  readonly limit?: number | undefined;
  readonly count?: boolean | undefined;
  /** Filters of the resource's own, by name. */
  readonly filters?: JsonObject | undefined;
}

/** Which fields are answered. */
export interface Shape {
  /** Undefined for all. */
  readonly fields: ReadonlySet<string> | undefined;
}

/** What a list is asked, checked. */
export interface ListQuery extends Shape {
  readonly condition: Condition | undefined;
  readonly keys: readonly SortKey[];
  readonly cursor: string | undefined;
  readonly limit: number | undefined;
  readonly count: boolean;
}

/** What may be named in a request. */
export interface Nameable {
  readonly columns: Columns;
  /** Fields that are answered; default the columns. */
  readonly fields?: readonly string[];
}

/**
 * Reads what a list is asked. `at` is where the request holds it, a JSON pointer: `/querystring`, or empty for a body.
 * Throws `VALIDATION_FAILED`.
 */
export function readListRequest(given: ListRequest, nameable: Nameable, at = '/querystring'): ListQuery {
  return {
    ...readShape(given, nameable, at),
    condition: readFilter(given.filter, nameable.columns, `${at}/filter`),
    keys: readSort(given.sort, nameable.columns, `${at}/sort`),
    cursor: given.cursor,
    limit: given.limit,
    count: given.count ?? false,
  };
}

/** Reads `fields`; `include` is answered by the routes, whatever the service. Throws `VALIDATION_FAILED` for names that are not declared. */
export function readShape(given: ShapeRequest, nameable: Nameable, at = '/querystring'): Shape {
  const known = [
    'id',
    'version',
    'created_at',
    'updated_at',
    ...(nameable.fields ?? nameable.columns.keys()),
  ];
  const fields = readNames(given.fields, known, `${at}/fields`);
  return { fields: fields.length === 0 ? undefined : new Set(['id', 'version', ...fields]) };
}

/** The name of a list by which its cursors are known: what it is, its filters, its order and its caller. */
export function listName(list: string, given: ListRequest, caller: string): string {
  const asked = Object.entries(given.filters ?? {}).filter(([, value]) => value !== undefined);
  const sorted = asked.toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([list, sorted, given.filter ?? null, given.sort ?? null, caller]);
}

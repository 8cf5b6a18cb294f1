import { validationFailed } from '../../errors.ts';
import type { Fault } from '../../errors.ts';
import { isObject } from '../fields/merge-patch.ts';
import { cut } from '../fields/text.ts';
import { filterableOf } from './columns.ts';
import type { Column, Columns } from './columns.ts';
import { operators, operatorsFor } from './operators.ts';
import type { OperatorName } from './operators.ts';
import type { Scalar } from './values.ts';

/** What a filter asks of a record, checked. */
export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | {
      readonly kind: 'compare';
      readonly column: Column;
      readonly operator: OperatorName;
      /** One value, but for operators that take a list. */
      readonly values: readonly Scalar[];
    };

/** How deep `and`, `or` and `not` may be nested. */
export const maxFilterDepth = 8;

/** Most comparisons one filter may hold. */
export const maxFilterTerms = 100;

/**
 * Reads a filter: an object whose members must all hold. A member is a field with the value it must have, `null` for
 * none, or with an object of operators (`{"amount":{"gte":"1000"}}`); or one of `and`, `or` (lists of filters) and `not`
 * (a filter). As text it is the JSON of that. `at` is where the request holds it, a JSON pointer.
 * Throws `VALIDATION_FAILED` with every fault: fields that are not declared, operators that do not fit, values of another
 * type, more than 100 comparisons, nesting beyond 8.
 */
export function readFilter(given: unknown, columns: Columns, at: string): Condition | undefined {
  if (given === undefined) return undefined;
  const reader = new FilterReader(columns);
  const filter = typeof given === 'string' ? parse(given, at) : given;
  const condition = reader.filter(filter, at, 1);
  if (reader.faults.length > 0) throw validationFailed(reader.faults);
  return condition;
}

/** Most faults that one refusal names. */
const maxFaults = 20;

const nothing: Condition = { kind: 'all', of: [] };

function parse(text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = 'must be JSON such as {"name":{"starts_with":"A"}}';
    throw validationFailed([{ path: at, message }], error);
  }
}

class FilterReader {
  readonly faults: Fault[] = [];
  readonly #columns: Columns;
  #terms = 0;

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  filter(given: unknown, at: string, depth: number): Condition {
    if (depth > maxFilterDepth) {
      return this.#fault(at, `must not be nested deeper than ${maxFilterDepth}; take the filter apart`);
    }
    if (!isObject(given)) return this.#fault(at, 'must be an object of fields with what is asked of them');
    const of = Object.entries(given).map(([name, asked]) =>
      this.#member(name, asked, `${at}/${escapePointer(name)}`, depth),
    );
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'all', of };
  }

  #member(name: string, asked: unknown, at: string, depth: number): Condition {
    if (name === 'and' || name === 'or') {
      if (!Array.isArray(asked) || asked.length === 0) {
        return this.#fault(at, 'must be a list of at least one filter');
      }
      if (asked.length > maxFilterTerms) return this.#tooMany(at);
      const of = asked.map((item, index) => this.filter(item, `${at}/${index}`, depth + 1));
      return { kind: name === 'and' ? 'all' : 'any', of };
    }
    if (name === 'not') return { kind: 'not', of: this.filter(asked, at, depth + 1) };
    const column = this.#columns.get(name);
    if (column?.filterable !== true) {
      const names = filterableOf(this.#columns).join(', ');
      return this.#fault(at, `cannot be filtered by; what can be: ${names}, and, or, not`);
    }
    if (asked === null) return this.#compare(column, 'is_null', true, at);
    const given = isObject(asked) ? Object.entries(asked) : undefined;
    const known = operatorsFor(column);
    if (given === undefined && known.includes('eq')) return this.#compare(column, 'eq', asked, at);
    if (given === undefined || given.length === 0) {
      return this.#fault(at, `must be an object with one of ${known.join(', ')}`);
    }
    const of = given.map(([operator, value]) =>
      this.#compare(column, operator, value, `${at}/${escapePointer(operator)}`),
    );
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'all', of };
  }

  #compare(column: Column, operator: string, given: unknown, at: string): Condition {
    this.#terms += 1;
    if (this.#terms > maxFilterTerms) return this.#tooMany(at);
    const known = operatorsFor(column).find((name) => name === operator);
    if (known === undefined) {
      return this.#fault(at, `is not an operator of this field; it has ${operatorsFor(column).join(', ')}`);
    }
    const read = operators[known].read(column, given);
    if ('fault' in read) return this.#fault(at, read.fault);
    return { kind: 'compare', column, operator: read.operator ?? known, values: read.values };
  }

  #tooMany(at: string): Condition {
    return this.#fault(
      at,
      `is more than ${maxFilterTerms} comparisons; ask for less, or use "in" with a list`,
    );
  }

  #fault(path: string, message: string): Condition {
    if (this.faults.length < maxFaults) this.faults.push({ path, message });
    return nothing;
  }
}

function escapePointer(name: string): string {
  return cut(name, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}

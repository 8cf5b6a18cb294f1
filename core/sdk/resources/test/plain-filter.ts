import fc from 'fast-check';
import { isObject } from '../fields/merge-patch.ts';
import { foldAccents } from '../fields/text.ts';
import { compareKeys, keyOf, ordered, values, words } from './things.ts';

/** Filters of things, as they are sent. */
export type GivenFilter = Readonly<Record<string, unknown>>;

const comparison = fc.oneof(...ordered.map((name) => comparisonOf(name)), labels());

function comparisonOf(name: keyof typeof values): fc.Arbitrary<GivenFilter> {
  const value: fc.Arbitrary<unknown> = values[name];
  const list = fc.array(value, { minLength: 1, maxLength: 4 });
  const isText = name === 'title' || name === 'nick' || name === 'kind';
  const hasOrder = name !== 'open' && name !== 'owner_id';
  const operators = fc.record(
    {
      eq: fc.option(value),
      ne: fc.option(value),
      in: list,
      is_null: fc.boolean(),
      ...(hasOrder ? { gt: value, gte: value, lt: value, lte: value } : {}),
      ...(isText ? { starts_with: fc.constantFrom(...words), contains: fc.constantFrom(...words) } : {}),
    },
    { requiredKeys: [] },
  );
  const some = operators.filter((given) => Object.keys(given).length > 0);
  // Most comparisons have one operator, as people write them.
  const one = some.chain((given) =>
    fc.constantFrom(...Object.entries(given).map(([key, of]) => ({ [key]: of }))),
  );
  const asked = fc.oneof({ weight: 4, arbitrary: one }, { weight: 1, arbitrary: some }, fc.option(value));
  return asked.map((given) => ({ [name]: given }));
}

function labels(): fc.Arbitrary<GivenFilter> {
  const list = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 });
  const asked = fc.oneof(
    fc.record({ has_any: list }),
    fc.record({ has_all: list }),
    fc.record({ is_null: fc.boolean() }),
  );
  return asked.map((given) => ({ labels: given }));
}

/** Any filter that is in order. */
export const filter = fc.letrec<{ filter: GivenFilter }>((tie) => {
  const some = fc.array(tie('filter'), { minLength: 1, maxLength: 3 });
  return {
    filter: fc.oneof(
      { depthSize: 'small', maxDepth: 5, withCrossShrink: true },
      comparison,
      fc.tuple(comparison, comparison).map(([left, right]) => ({ ...left, ...right })),
      some.map((of) => ({ and: of })),
      some.map((of) => ({ or: of })),
      tie('filter').map((of) => ({ not: of })),
      fc.constant({}),
    ),
  };
}).filter;

/** What a filter says of a record, told without SQL: of a missing value only `ne`, `is_null` and `not` hold. */
export function holds(given: GivenFilter, record: GivenFilter): boolean {
  return Object.entries(given).every(([name, asked]) => {
    if (name === 'and' && Array.isArray(asked)) return asked.every((part) => holds(part, record));
    if (name === 'or' && Array.isArray(asked)) return asked.some((part) => holds(part, record));
    if (name === 'not' && isObject(asked)) return !holds(asked, record);
    if (!isObject(asked)) return compares(name, 'eq', record[name], asked);
    return Object.entries(asked).every(([operator, value]) => compares(name, operator, record[name], value));
  });
}

function compares(name: string, operator: string, stored: unknown, asked: unknown): boolean {
  const left = keyOf(name, stored);
  const right = keyOf(name, asked);
  const same = (other: unknown): boolean => {
    const key = keyOf(name, other);
    return left === undefined || key === undefined ? left === key : compareKeys(left, key) === 0;
  };
  if (operator === 'is_null') return (left === undefined) === asked;
  if (operator === 'eq') return same(asked);
  if (operator === 'ne') return !same(asked);
  if (left === undefined) return false;
  if (Array.isArray(asked)) {
    if (operator === 'in') return asked.some(same);
    const has = (word: unknown): boolean => Array.isArray(stored) && stored.includes(word);
    return operator === 'has_any' ? asked.some(has) : asked.every(has);
  }
  const fold = (text: unknown): string => (name === 'nick' ? foldAccents(String(text)) : String(text));
  if (operator === 'starts_with') return fold(stored).startsWith(fold(asked));
  if (operator === 'contains') return fold(stored).includes(fold(asked));
  if (right === undefined) throw new TypeError(`${operator} of nothing`);
  const order = compareKeys(left, right);
  return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[operator] ?? false;
}

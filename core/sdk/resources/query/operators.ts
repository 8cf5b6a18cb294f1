import type { ColumnType } from '../fields/field.ts';
import type { Column } from './columns.ts';
import { readValue } from './values.ts';
import type { Scalar } from './values.ts';

/** How a filter may compare a column. */
export type OperatorName =
  | 'eq'
  | 'ne'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'in'
  | 'is_null'
  | 'starts_with'
  | 'contains'
  | 'has_any'
  | 'has_all';

/** Most values of a list in a filter. */
export const maxListValues = 1_000;

type ReadOperand =
  | { readonly values: readonly Scalar[]; readonly operator?: OperatorName }
  | { readonly fault: string };

/** What an operator takes and where it fits. */
interface Operator {
  readonly fits: (type: ColumnType) => boolean;
  read(column: Column, given: unknown): ReadOperand;
}

const single = (type: ColumnType): boolean => type !== 'text[]';
const ordered = (type: ColumnType): boolean => single(type) && type !== 'boolean' && type !== 'uuid';
const text = (type: ColumnType): boolean => type === 'text';
const list = (type: ColumnType): boolean => type === 'text[]';

/** The operators by name. */
export const operators: Readonly<Record<OperatorName, Operator>> = {
  eq: { fits: single, read: oneOrNull('eq') },
  ne: { fits: single, read: oneOrNull('ne') },
  gt: { fits: ordered, read: one },
  gte: { fits: ordered, read: one },
  lt: { fits: ordered, read: one },
  lte: { fits: ordered, read: one },
  in: { fits: single, read: many },
  // Of a list: whether it is empty.
  is_null: {
    fits: () => true,
    read: (_column, given) =>
      typeof given === 'boolean' ? { values: [given] } : { fault: 'must be true or false' },
  },
  starts_with: { fits: text, read: one },
  contains: { fits: text, read: one },
  has_any: { fits: list, read: many },
  has_all: { fits: list, read: many },
};

/** The operators that fit a column. */
export function operatorsFor({ type }: Pick<Column, 'type'>): OperatorName[] {
  return names.filter((name) => operators[name].fits(type));
}

const names: readonly OperatorName[] = [
  'eq',
  'ne',
  'gt',
  'gte',
  'lt',
  'lte',
  'in',
  'is_null',
  'starts_with',
  'contains',
  'has_any',
  'has_all',
];

function one(column: Column, given: unknown): ReadOperand {
  const read = readValue(column.type, given);
  return read.fault === undefined ? { values: [fold(column, read.value)] } : { fault: read.fault };
}

function oneOrNull(operator: 'eq' | 'ne') {
  return (column: Column, given: unknown): ReadOperand =>
    given === null ? { operator: 'is_null', values: [operator === 'eq'] } : one(column, given);
}

function many(column: Column, given: unknown): ReadOperand {
  if (!Array.isArray(given) || given.length === 0) return { fault: 'must be a list of at least one value' };
  if (given.length > maxListValues) return { fault: `must be at most ${maxListValues} values` };
  const values: Scalar[] = [];
  for (const [index, item] of given.entries()) {
    const read = readValue(column.type, item);
    if (read.fault !== undefined) return { fault: `${read.fault}; value ${index} is not` };
    values.push(fold(column, read.value));
  }
  return { values };
}

function fold({ folded }: Column, value: Scalar): Scalar {
  return folded === undefined || typeof value !== 'string' ? value : folded.fold(value);
}

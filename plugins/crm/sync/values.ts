import type { FieldValue, FieldValues } from '../provider.ts';

/** Whether two values are the same; lists in any order, since choices have none. */
export function isSame(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    const [ours, theirs] = [new Set<unknown>(a), new Set<unknown>(b)];
    return ours.size === theirs.size && ours.isSubsetOf(theirs);
  }
  return (a ?? null) === (b ?? null);
}

/** The values of `values` that `other` does not have alike. */
export function differing(values: FieldValues, other: FieldValues): FieldValues {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !isSame(value, other[name])));
}

/** Whether there is no value at all. */
export function isEmptySet(values: FieldValues): boolean {
  return Object.keys(values).length === 0;
}

import { createHash } from 'node:crypto';
import type { MatchedKind, ReasonName } from './reasons.ts';

/** Something that records may have in common, by which they are found. */
export interface MatchKey {
  readonly text: string;
  /** What many different records have: it finds nothing where more than a few have it. */
  readonly common?: boolean;
}

/** How the records of one kind are compared. */
export interface MatchRules<Fields, Traits> {
  readonly kind: MatchedKind;
  /** The fields that are compared. */
  readonly fields: readonly (keyof Fields)[];
  /** What is compared, in the form in which it is compared. */
  traitsOf(fields: Fields): Traits;
  keysOf(traits: Traits): readonly MatchKey[];
  /** What speaks for and against two records being one; the same either way round. */
  compare(left: Traits, right: Traits): readonly ReasonName[];
}

/** A key as it is kept. */
export interface KeptKey {
  /** A 64-bit number in decimal digits: the text itself is personal data, and needs no second place. */
  readonly key: string;
  readonly common: boolean;
}

/** Finds what records of one kind have in common. */
export interface Matcher<Fields> {
  readonly kind: MatchedKind;
  keysOf(fields: Fields): readonly KeptKey[];
  compare(left: Fields, right: Fields): readonly ReasonName[];
  /** Whether a change of the one to the other leaves all fields alone that are compared. */
  isUnmoved(before: Fields, after: Fields): boolean;
}

/** Makes the matcher of one kind; what is compared of a record is read once. */
export function createMatcher<Fields extends object, Traits>(
  rules: MatchRules<Fields, Traits>,
): Matcher<Fields> {
  const known = new WeakMap<Fields, Traits>();
  const traitsOf = (fields: Fields): Traits => {
    const traits = known.get(fields) ?? rules.traitsOf(fields);
    known.set(fields, traits);
    return traits;
  };
  return {
    kind: rules.kind,
    keysOf: (fields) =>
      rules.keysOf(traitsOf(fields)).map(({ text, common = false }) => ({
        key: hash(`${rules.kind} ${text}`),
        common,
      })),
    compare: (left, right) => rules.compare(traitsOf(left), traitsOf(right)),
    isUnmoved: (before, after) => rules.fields.every((field) => before[field] === after[field]),
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest().readBigInt64BE(0).toString();
}

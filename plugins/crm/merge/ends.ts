import type { MatchedKind } from '../duplicates/matching/reasons.ts';

/** Kinds of records that are merged. */
export type MergedKind = MatchedKind;

/** The ids of two records that become one. */
export interface Ends {
  readonly kind: MergedKind;
  readonly winner: string;
  readonly loser: string;
}

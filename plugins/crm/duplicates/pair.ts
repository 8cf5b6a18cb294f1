import type { MatchedKind, ReasonName } from './matching/reasons.ts';

/** Whether a pair waits for a decision. */
export type PairStatus = 'open' | 'dismissed' | 'merged';

/** Two records that may be one, as they are kept. */
export interface PairRow {
  readonly id: string;
  readonly kind: MatchedKind;
  readonly low_id: string;
  readonly high_id: string;
  readonly score: number;
  readonly reasons: readonly string[];
  readonly status: PairStatus;
  /** Which of the two is left; null unless they were merged. */
  readonly merged_into: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

/** Two records that were compared. */
export interface ComparedPair {
  readonly low: string;
  readonly high: string;
  readonly score: number;
  readonly reasons: readonly ReasonName[];
}

/** The name of two records, whichever is named first. */
export function pairName(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`;
}

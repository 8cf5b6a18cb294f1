import { subjectTypes } from '../records/kind.ts';
import type { SubjectType } from '../records/kind.ts';

/** A record that can be associated. */
export interface Associated {
  readonly kind: SubjectType;
  readonly id: string;
}

/** Two records in the order in which an association of them is kept, so that it is the same from either side. */
export interface Pair {
  readonly first: Associated;
  readonly second: Associated;
}

/** Puts two records into order: by their kinds (contact, company, deal), those of one kind by their ids. */
export function pairOf(one: Associated, other: Associated): Pair {
  const rank = ({ kind }: Associated) => subjectTypes.indexOf(kind);
  const [left, right] = [lowered(one), lowered(other)];
  const ordered = rank(left) === rank(right) ? left.id < right.id : rank(left) < rank(right);
  return ordered ? { first: left, second: right } : { first: right, second: left };
}

function lowered({ kind, id }: Associated): Associated {
  return { kind, id: id.toLowerCase() };
}

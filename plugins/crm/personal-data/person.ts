import type { PersonTexts } from './pattern.ts';

/** A person as they are looked for everywhere. */
export interface Person extends PersonTexts {
  /** The contact, and those that were merged into it. */
  readonly ids: readonly string[];
  /** Other records that are only about the person, and whose history is the person's too, such as activities. */
  readonly about: readonly string[];
  /** First and family names on their own, which count only beside each other in one row. */
  readonly parts: readonly (readonly [first: string, last: string])[];
  /** Words by which the person's records were found. */
  readonly words: readonly string[];
}

import type { HistorySubject } from '@orchestrall/sdk';
import { eraseEntriesStatement } from '../audit/erasure.ts';
import { sourceOf } from '../bus/emitter.ts';
import { eraseEventsStatement } from '../bus/erasure.ts';
import { effectPort } from '../database/effects.ts';
import type { ErasePort } from '../database/effects.ts';
import { eraseResponsesStatement } from '../webhooks/log/erasure.ts';

/** Most subjects of one erasure. */
const maxSubjects = 10_000;

/** Erases what the rooms of the core keep about subjects, in the transaction that asks for it. */
export const erasePort: ErasePort = effectPort({
  prepare(_scope, subjects: readonly HistorySubject[]) {
    if (subjects.length > maxSubjects)
      throw new TypeError(`at most ${maxSubjects} subjects are erased at a time`);
    return { effect: subjects, result: undefined };
  },
  statements(erasures: readonly (readonly HistorySubject[])[], { owner }) {
    const subjects = erasures.flat();
    const ids = [...new Set(subjects.map(({ id }) => id))];
    return [
      eraseEventsStatement(sourceOf(owner), ids),
      eraseResponsesStatement(sourceOf(owner), ids),
      eraseEntriesStatement(owner, subjects),
    ];
  },
});

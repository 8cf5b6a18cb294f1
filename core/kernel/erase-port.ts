import { eraseEntriesStatement, eraseEntryItemsStatement } from '../audit/erasure.ts';
import { sourceOf } from '../bus/emitter.ts';
import { eraseEventItemsStatement, eraseEventsStatement } from '../bus/erasure.ts';
import { effectPort } from '../database/effects.ts';
import type { ErasedHistory, ErasePort } from '../database/effects.ts';
import { eraseResponsesStatement } from '../webhooks/log/erasure.ts';

/** Most subjects, and most items, of one erasure. */
const maxErased = 10_000;

/** Erases what the rooms of the core keep about subjects, and single items, in the transaction that asks for it. */
export const erasePort: ErasePort = effectPort({
  prepare(_scope, erased: ErasedHistory) {
    if (erased.subjects.length > maxErased || erased.items.length > maxErased)
      throw new TypeError(`at most ${maxErased} subjects and items are erased at a time`);
    return { effect: erased, result: undefined };
  },
  statements(erasures: readonly ErasedHistory[], { owner }) {
    const source = sourceOf(owner);
    const subjects = erasures.flatMap((erased) => erased.subjects);
    const items = erasures.flatMap((erased) => erased.items);
    const subjectIds = [...new Set(subjects.map(({ id }) => id))];
    const events = [...new Set(items.flatMap(({ kind, id }) => (kind === 'audit_entry' ? [] : [id])))];
    const entries = items.flatMap(({ kind, id }) => (kind === 'audit_entry' ? [id] : []));
    return [
      ...(subjects.length === 0
        ? []
        : [eraseEventsStatement(source, subjectIds), eraseEntriesStatement(owner, subjects)]),
      ...(events.length === 0 ? [] : [eraseEventItemsStatement(source, events)]),
      ...(entries.length === 0 ? [] : [eraseEntryItemsStatement(owner, entries)]),
      eraseResponsesStatement(source, subjectIds, events),
    ];
  },
});

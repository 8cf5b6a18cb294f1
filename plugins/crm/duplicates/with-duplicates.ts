import type { CommonFields, RecordKind } from '../records/kind.ts';
import { forgetMerged } from '../records/merged.ts';
import { enqueueRecords, forgetRecords } from './key-store.ts';
import { matchRecords } from './matching.ts';
import type { Matched } from './matching.ts';

/** Up to how many records written together are looked at at once; more, as an import writes them, wait for the sweep. */
const fewRecords = 10;

/**
 * A kind whose duplicates are found when its records are written: those of few records at once, those of many by the
 * sweep, and by it also those of two records that are written at a time and do not see each other.
 */
export function withDuplicates<Fields extends CommonFields>(matched: Matched<Fields>): RecordKind<Fields> {
  const { kind, matcher } = matched;
  return {
    ...kind,
    async recorded(tx, written, by) {
      await kind.recorded?.(tx, written, by);
      const moved = written.flatMap(({ before, after }) =>
        before !== undefined && matcher.isUnmoved(before, after) ? [] : [after],
      );
      if (moved.length === 0) return;
      const ids = moved.map(({ id }) => id);
      await enqueueRecords(tx, matcher.kind, ids);
      if (moved.length <= fewRecords) await matchRecords(matched, tx, moved);
    },
    async released(tx, record, by) {
      await kind.released?.(tx, record, by);
      await forgetRecords(tx, [record.id]);
      await forgetMerged(tx, record.id);
      // Another change may be pairing it at this moment: the sweep forgets it once more.
      await enqueueRecords(tx, matcher.kind, [record.id]);
    },
  };
}

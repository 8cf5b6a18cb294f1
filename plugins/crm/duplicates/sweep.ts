import type { Database, Job, Transaction } from '@orchestrall/sdk';
import Type from 'typebox';
import { Check } from 'typebox/value';
import type { MatchedKind } from './matching/reasons.ts';

/** Records looked at together; a change of one of them waits until its batch has ended. */
const batchRecords = 200;

/** A kind whose duplicates are swept. */
export interface SweptKind {
  readonly name: MatchedKind;
  readonly table: 'contacts' | 'companies';
  /** Looks at these records; gives those that somebody else holds. */
  readonly match: (tx: Transaction, ids: readonly string[]) => Promise<readonly string[]>;
}

/** Where a run over all records is. */
const Place = Type.Object({ kind: Type.String(), after: Type.String() });

type SweepJob = Job<{ all?: boolean; waits?: boolean }>;

/**
 * Makes the handler that looks for duplicates: of the records written since the last run, or of all. Each batch is one
 * transaction with its place, so that a run that was cut repeats nothing and leaves nothing out.
 */
export function createMatchSweep(
  database: Database,
  kinds: readonly SweptKind[],
): (job: SweepJob) => Promise<void> {
  return async (job) => {
    await (job.payload.all === true ? sweepAll(database, kinds, job) : sweepQueue(kinds, job));
  };
}

async function sweepQueue(kinds: readonly SweptKind[], job: SweepJob): Promise<void> {
  for (let after: number | undefined = 0; after !== undefined;) {
    job.signal.throwIfAborted();
    const from: number = after;
    after = await job.transaction(async (tx) => {
      // The next run, in a minute, goes on.
      if (job.payload.waits === true && (await isImporting(tx))) return undefined;
      const queued = await tx.query<Queued>(
        'select seq, kind, record_id from match_queue where seq > $1 order by seq limit $2',
        [from, batchRecords],
      );
      const left = new Set<string>();
      for (const { name, match } of kinds) {
        const ids = queued.filter(({ kind }) => kind === name).map(({ record_id }) => record_id);
        if (ids.length === 0) continue;
        for (const id of await match(tx, [...new Set(ids)])) left.add(id);
      }
      const done = queued.filter(({ record_id }) => !left.has(record_id)).map(({ seq }) => seq);
      await tx.query('delete from match_queue where seq = any($1::bigint[])', [done]);
      return queued.at(-1)?.seq;
    });
  }
}

async function isImporting(tx: Transaction): Promise<boolean> {
  return (await tx.query("select 1 from imports where status = 'running' limit 1")).length > 0;
}

interface Queued {
  readonly seq: number;
  readonly kind: string;
  readonly record_id: string;
}

async function sweepAll(database: Database, kinds: readonly SweptKind[], job: SweepJob): Promise<void> {
  const place = Check(Place, job.saved) ? job.saved : undefined;
  const at = kinds.findIndex(({ name }) => name === place?.kind);
  for (const kind of kinds.slice(Math.max(at, 0))) {
    await forgetGone(database, kind);
    let after: string | undefined = kind.name === place?.kind ? place.after : lowest;
    while (after !== undefined) {
      job.signal.throwIfAborted();
      const from: string = after;
      after = await job.transaction(async (tx, checkpoint) => {
        const rows = await tx.query<{ id: string }>(
          `select id from ${kind.table} where id > $1 order by id limit $2`,
          [from, batchRecords],
        );
        const ids = rows.map(({ id }) => id);
        const last = ids.at(-1);
        if (last === undefined) return undefined;
        const left = await kind.match(tx, ids);
        if (left.length > 0) {
          // Held by somebody who writes them: the next run looks at them.
          await tx.query('insert into match_queue (kind, record_id) select $1, unnest($2::uuid[])', [
            kind.name,
            left,
          ]);
        }
        checkpoint({ kind: kind.name, after: last });
        return last;
      });
    }
  }
}

/** The id before every other. */
const lowest = '00000000-0000-0000-0000-000000000000';

/** What deletions have left behind that crossed a comparison. */
async function forgetGone(database: Database, { name, table }: SweptKind): Promise<void> {
  const statement = `delete from duplicate_pairs where kind = $1 and status <> 'merged' and not (
    exists (select 1 from ${table} where id = low_id) and exists (select 1 from ${table} where id = high_id))`;
  await database.query(statement, [name]);
}

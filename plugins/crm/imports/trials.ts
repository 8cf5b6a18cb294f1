import type { Database, Transaction } from '@orchestrall/sdk';
import type { JsonObject } from '@orchestrall/sdk/resources';
import { uniqueKeyOf } from '../records/kind.ts';
import type { RecordKind } from '../records/kind.ts';
import { withoutNul } from '../records/store.ts';
import type { RowInput } from './read-row.ts';
import { keyOf } from './upsert.ts';
import type { RowOutcome, Upsert } from './upsert.ts';

/** What a dry run works on. */
export interface TrialOptions {
  readonly importId: string;
  readonly kind: RecordKind;
  /** Name of the field by which rows find their records. */
  readonly field: string;
  readonly upsert: Upsert;
}

/** A row that would have been written, with what rows of its key before it gave. */
interface Trial {
  readonly key: string;
  readonly uniqueKey: string | undefined;
  readonly input: RowInput;
}

interface TrialRow {
  readonly key: string;
  readonly unique_key: string | null;
  readonly given: JsonObject;
  readonly refers: RowInput['references'];
}

/** Thrown to undo what was tried out. */
class Undo extends Error {}

/**
 * Makes an upsert that writes nothing: rows go the same way as in an import, and all of it is undone. What earlier
 * batches would have written of their keys, and of the kind's unique field, is written again before them, so that the
 * outcome is that of the whole file.
 */
export function createTrial({ importId, kind, field, upsert }: TrialOptions): Upsert {
  const key = kind.keys[field];
  const unique = uniqueKeyOf(kind);
  const uniqueField = Object.entries(kind.keys).find(([, other]) => other === unique)?.[0];
  const trialOf = (input: RowInput): Trial | undefined => {
    const text = key === undefined ? undefined : keyOf(input.given[field], key);
    const other = unique === undefined || uniqueField === undefined || uniqueField === field;
    return text === undefined
      ? undefined
      : { key: text, uniqueKey: other ? undefined : keyOf(input.given[uniqueField], unique), input };
  };
  return async (tx, rows) => {
    const trials = rows.map(trialOf);
    const earlier = await findTrials(
      tx,
      importId,
      trials.flatMap((trial) => trial ?? []),
    );
    const outcomes = await undone(tx, async () => {
      await upsert(
        tx,
        earlier.map(({ input }) => input),
      );
      return upsert(tx, rows);
    });
    const byKey = new Map(earlier.map((trial) => [trial.key, trial]));
    const kept = new Map<string, Trial>();
    for (const [index, trial] of trials.entries()) {
      if (trial === undefined || outcomes[index]?.outcome === 'failed') continue;
      const before = kept.get(trial.key) ?? byKey.get(trial.key);
      const input = layOver(before?.input, trial.input);
      kept.set(trial.key, { ...trial, uniqueKey: trial.uniqueKey ?? before?.uniqueKey, input });
    }
    await keepTrials(tx, importId, [...kept.values()]);
    const holders = new Map([...earlier, ...kept.values()].map((trial) => [trial.uniqueKey, trial.key]));
    return rows.map((_, index): RowOutcome => {
      const outcome = outcomes[index] ?? { outcome: 'failed', reason: 'was not reached' };
      const trial = trials[index];
      const holder = trial?.uniqueKey === undefined ? undefined : holders.get(trial.uniqueKey);
      if (outcome.outcome !== 'failed' || holder === undefined || holder === trial?.key) return outcome;
      // The id of a record that is undone would help nobody.
      const reason = `${uniqueField} is taken by the row of the file whose ${field} is "${holder}"`;
      return { outcome: 'failed', reason };
    });
  };
}

/** Takes away what dry runs that are over have kept; gives how much it was. */
export async function deleteTrials(database: Database): Promise<number> {
  const statement = `delete from import_trials where (import_id, key) in (
      select import_id, import_trials.key from import_trials join imports on imports.id = import_id
        where status <> 'checking' limit $1
    ) returning 1`;
  let deleted = 0;
  for (let last = deletedAtATime; last === deletedAtATime;) {
    last = (await database.query(statement, [deletedAtATime])).length;
    deleted += last;
  }
  return deleted;
}

/** Rows that are deleted at a time, so that no statement runs long. */
const deletedAtATime = 10_000;

async function undone(tx: Transaction, work: () => Promise<RowOutcome[]>): Promise<RowOutcome[]> {
  let outcomes: RowOutcome[] = [];
  try {
    await tx.savepoint(async () => {
      outcomes = await work();
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return outcomes;
}

function layOver(under: RowInput | undefined, row: RowInput): RowInput {
  if (under === undefined) return row;
  return {
    given: { ...under.given, ...row.given },
    references: { ...under.references, ...row.references },
  };
}

async function findTrials(tx: Transaction, importId: string, trials: readonly Trial[]): Promise<Trial[]> {
  const statement = `select key, unique_key, given, refers from import_trials
    where import_id = $1 and (key = any($2::text[]) or unique_key = any($3::text[]))`;
  const uniqueKeys = trials.flatMap(({ uniqueKey }) => uniqueKey ?? []);
  const values = [importId, trials.map(({ key }) => key), uniqueKeys];
  const rows = await tx.query<TrialRow>(statement, values);
  return rows.map(({ key, unique_key, given, refers }) => {
    return { key, uniqueKey: unique_key ?? undefined, input: { given, references: refers } };
  });
}

async function keepTrials(tx: Transaction, importId: string, trials: readonly Trial[]): Promise<void> {
  if (trials.length === 0) return;
  const statement = `insert into import_trials (import_id, key, unique_key, given, refers)
    select $1, key, unique_key, given, refers
      from json_to_recordset($2::json) as tried (key text, unique_key text, given json, refers json)
    on conflict (import_id, key) do update
      set unique_key = coalesce(excluded.unique_key, import_trials.unique_key), given = excluded.given, refers = excluded.refers`;
  const rows = trials.map(({ key, uniqueKey, input }) => ({
    key: withoutNul(key),
    unique_key: uniqueKey ?? null,
    given: input.given,
    refers: input.references,
  }));
  await tx.query(statement, [importId, JSON.stringify(rows)]);
}

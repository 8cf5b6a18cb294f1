import { isOutage } from '../../database/errors.ts';
import { end } from './claim.ts';
import type { Ending } from './claim.ts';
import type { EndedJob, JobsOptions } from '../ports.ts';

/** An ending with what its event tells. */
export interface NamedEnding extends Ending {
  readonly plugin: string;
  readonly name: string;
  readonly attempt: number;
}

interface Waiting {
  readonly ending: NamedEnding;
  readonly resolve: (accepted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const maxBatch = 200;

/**
 * Ends jobs in batches: whatever arrives while one batch is being written goes into the next, so that a lone
 * ending waits for nothing and a crowd shares its commits. Resolves with false when the fence was stale.
 */
export function createEndings(
  options: Pick<JobsOptions, 'database' | 'emitEnded'>,
): (ending: NamedEnding) => Promise<boolean> {
  const waiting: Waiting[] = [];
  let writing = false;

  const writeTogether = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const ended = await write(
        options,
        batch.map((entry) => entry.ending),
      );
      for (const { ending, resolve } of batch) resolve(ended.has(ending.id));
    } catch (error) {
      // What is wrong with one ending, or locks its row, keeps no other from being written; in an outage
      // each would wait for the same.
      if (batch.length > 1 && !isOutage(error)) for (const one of batch) await writeTogether([one]);
      else for (const { reject } of batch) reject(error);
    }
  };
  const drain = async (): Promise<void> => {
    writing = true;
    while (waiting.length > 0) await writeTogether(waiting.splice(0, maxBatch));
    writing = false;
  };

  return (ending) =>
    new Promise((resolve, reject) => {
      waiting.push({ ending, resolve, reject });
      if (!writing) void drain();
    });
}

async function write(
  { database, emitEnded }: Pick<JobsOptions, 'database' | 'emitEnded'>,
  endings: readonly NamedEnding[],
): Promise<ReadonlySet<string>> {
  const core = database.core();
  if (emitEnded === undefined) return end(core, endings);
  return core.transaction(async (tx) => {
    const ended = await end(tx, endings);
    const told = endings.filter((ending) => ended.has(ending.id)).map((ending) => endedJob(ending));
    if (told.length > 0) emitEnded(tx, told);
    return ended;
  });
}

function endedJob(ending: NamedEnding): EndedJob {
  return {
    id: ending.id,
    plugin: ending.plugin,
    name: ending.name,
    status: ending.status,
    attempt: ending.attempt,
    error_code: ending.errorCode ?? null,
    error: ending.error ?? null,
  };
}

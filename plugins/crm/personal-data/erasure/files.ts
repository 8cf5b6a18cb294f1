import type { Database, Transaction } from '@orchestrall/sdk';
import { CsvFault } from '../../csv/format.ts';
import { readCsv } from '../../csv/scanner.ts';
import { concludeImport } from '../../imports/endings.ts';
import { readPieces } from '../../imports/file-store.ts';
import { findImport, lockImport } from '../../imports/store.ts';
import type { Person } from '../person.ts';
import { rowTeller } from '../reach/places.ts';

/** What was done about files of imports that have not ended. */
export interface FilesLookedAt {
  /** Imports that were not started yet and were cancelled, with their files. */
  readonly cancelled: number;
  /** An import or upload under way whose end has to be waited for; undefined when there is none. */
  readonly waitsFor: string | undefined;
}

/**
 * Looks for a person in the files of imports that have not ended. One that nobody has started is cancelled; one that runs
 * would make the person anew, so its end is waited for, and so is that of an upload that was begun before.
 */
export async function lookIntoFiles(
  database: Database,
  person: Person,
  askedAt: Date,
  change: (work: (tx: Transaction) => Promise<void>) => Promise<void>,
): Promise<FilesLookedAt> {
  const rows = await database.query<{ id: string; status: string }>(
    'select id, status from imports where finished_at is null and created_at <= $1 order by id',
    [askedAt],
  );
  let cancelled = 0;
  let waitsFor: string | undefined;
  for (const { id, status } of rows) {
    if (status === 'uploading') waitsFor ??= `the upload ${id}`;
    else if (!(await holdsPerson(database, id, person))) continue;
    else if (status !== 'uploaded' && status !== 'checked') waitsFor ??= `the import ${id}`;
    else {
      await change(async (tx) => {
        const stored = await lockImport(tx, id);
        if (stored?.view.status !== 'uploaded' && stored?.view.status !== 'checked') return;
        await concludeImport(tx, id, 'cancelled', 'somebody in its file was erased');
        cancelled += 1;
      });
    }
  }
  return { cancelled, waitsFor };
}

async function holdsPerson(database: Database, id: string, person: Person): Promise<boolean> {
  const stored = await findImport(database, id);
  if (stored === undefined) return false;
  const tells = rowTeller(person);
  try {
    for await (const { cells } of readCsv(readPieces(database, id, 0), { format: stored.view.format })) {
      if (tells(cells)) return true;
    }
  } catch (error) {
    // What cannot be read is not known to be free of the person.
    if (error instanceof CsvFault) return true;
    throw error;
  }
  return false;
}

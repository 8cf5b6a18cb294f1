import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openDataFolder } from '@orchestrall/core/testing';
import type { DataFolderDatabase } from '@orchestrall/core/testing';
import { createApplianceFolder } from '../appliance-process.ts';
import type { ApplianceFolder, ApplianceProcess } from '../appliance-process.ts';
import { createFaultyFile } from '../faulty-file.ts';
import { sendFile } from '../import-file.ts';
import { differencesBetween, readSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** What is imported, and how often it is cut. */
export interface KillOptions {
  readonly rows: number;
  readonly kills: number;
  /** Gives 0 <= n < 1. */
  readonly random: () => number;
}

/** What came of it. */
export interface Survival {
  /** Kills of node alone, and of node and PostgreSQL at once. */
  readonly killed: { readonly node: number; readonly both: number };
  /** Rows that were read when each kill came. */
  readonly rowsAtKills: readonly number[];
  /** Lines of both snapshots. */
  readonly compared: number;
  /** What differs from the same import undisturbed; empty when nothing does. */
  readonly differences: readonly string[];
}

const pollMs = 20;

/**
 * Imports a file of contacts, with faulty rows in it, and ends the process by SIGKILL as often as asked, spread over
 * the file, each time at a random moment: of four kills one comes just after the start, and of three one takes
 * PostgreSQL along. Compares what is left with an import of the same file that nobody disturbed.
 */
export async function surviveKills({ rows, kills, random }: KillOptions): Promise<Survival> {
  const expected = await importUndisturbed(rows);
  await using folder = await createApplianceFolder();
  const killed = { node: 0, both: 0 };
  const rowsAtKills: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    await using appliance = await folder.start();
    if (kill === 0) await begin(appliance, rows);
    const target = kill % 4 === 3 ? 0 : Math.floor((rows * (kill + random())) / (kills + 1));
    rowsAtKills.push(await waitFor(folder, ({ rows_total }) => rows_total >= target));
    await pause(random() * (target === 0 ? 2_000 : 150));
    const withPostgres = kill % 3 === 2;
    const postmaster = await readPostmaster(folder);
    process.kill(appliance.pid, 'SIGKILL');
    if (withPostgres) process.kill(postmaster, 'SIGKILL');
    killed[withPostgres ? 'both' : 'node'] += 1;
  }
  await using _ = await folder.start();
  const differences = differencesBetween(expected, await snapshotAtEnd(folder));
  return { killed, rowsAtKills, compared: expected.length, differences };
}

async function importUndisturbed(rows: number): Promise<Snapshot> {
  await using folder = await createApplianceFolder();
  await using appliance = await folder.start();
  await begin(appliance, rows);
  return await snapshotAtEnd(folder);
}

async function begin(appliance: ApplianceProcess, rows: number): Promise<void> {
  const headers = await appliance.authorization();
  await sendFile(appliance.url, headers, createFaultyFile(rows).pieces, 'object=contacts&key=email');
}

async function snapshotAtEnd(folder: ApplianceFolder): Promise<Snapshot> {
  await waitFor(folder, ({ finished_at: end }) => end !== null);
  await using database = await openDataFolder(folder.data);
  // Events come into the history once their transactions have ended.
  for (;;) {
    const [waiting] = await database.query('select from core.outbox limit 1');
    if (waiting === undefined) return await readSnapshot(database);
    await pause(pollMs);
  }
}

interface Progress {
  readonly rows_total: number;
  readonly finished_at: Date | null;
}

/** Waits until the import is as far as said; gives its rows. Throws when it ends before. */
async function waitFor(folder: ApplianceFolder, isThere: (progress: Progress) => boolean): Promise<number> {
  await using database = await openDataFolder(folder.data);
  for (;;) {
    const progress = await readProgress(database);
    if (isThere(progress)) return progress.rows_total;
    if (progress.finished_at !== null) throw new Error('the import ended before it was to be cut');
    await pause(pollMs);
  }
}

async function readProgress(database: DataFolderDatabase): Promise<Progress> {
  const [progress] = await database.query<Progress>(
    'select rows_total::integer as rows_total, finished_at from plugin_crm.imports',
  );
  if (progress === undefined) throw new Error('there is no import');
  return progress;
}

async function readPostmaster(folder: ApplianceFolder): Promise<number> {
  const about = await readFile(join(folder.data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8');
  return Number(about.split('\n', 1)[0]);
}

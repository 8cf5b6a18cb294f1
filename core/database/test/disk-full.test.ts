import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { startEmbeddedServer } from '../embedded/server.ts';
import { createDatabase } from '../engine.ts';

const run = promisify(execFile);
const silent = { warn: () => undefined, error: () => undefined };
const mib = 1024 * 1024;

/** A disk of 400 MiB in memory, or the reason why there can be none. */
async function mountDisk(): Promise<{ folder: string } | { lacks: string }> {
  if (process.getuid?.() !== 0) return { lacks: 'the right to mount a small disk (root)' };
  const folder = await mkdtemp(join(tmpdir(), 'orchestrall-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=0755', 'tmpfs', folder]);
    return { folder };
  } catch (error) {
    await rm(folder, { recursive: true });
    return { lacks: `a mount of tmpfs (${String(error)})` };
  }
}

/** Fills the disk up to so many free bytes; returns the file to remove. */
async function occupyAllBut(bytes: number): Promise<string> {
  const { bavail, bsize } = await statfs(folder);
  const hog = join(folder, 'hog');
  await run('fallocate', ['-l', String(bavail * bsize - bytes), hog]);
  return hog;
}

const disk = await mountDisk();
if ('lacks' in disk && process.env['ORCHESTRALL_REQUIRE_SERVERS'] === '1') throw new Error(disk.lacks);
const folder = 'folder' in disk ? disk.folder : '';

describe.skipIf('lacks' in disk)(`a full disk${'lacks' in disk ? ` (lacks ${disk.lacks})` : ''}`, () => {
  afterAll(async () => {
    await run('umount', [folder]);
    await rm(folder, { recursive: true });
  });

  test('writes are refused with STORAGE_FULL, reads go on, and writing resumes by itself', async () => {
    let change = Promise.withResolvers<boolean>();
    await using server = await startEmbeddedServer({
      folder: join(folder, 'data'),
      reserveBytes: 64 * mib,
      onStorageChange: (full) => change.resolve(full),
    });
    await using database = await createDatabase({
      connection: server.connection,
      writesRefused: () => server.storageFull(),
      log: silent,
    });
    const core = database.core();
    await core.query('CREATE TABLE written AS SELECT 1 AS number');

    const hog = await occupyAllBut(32 * mib);
    expect(await change.promise).toBe(true);
    await expect(core.query('INSERT INTO written VALUES (2)')).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      status: 507,
    });
    expect(await core.query('SELECT * FROM written')).toEqual([{ number: 1 }]);

    // Another program takes the rest as well: reading still goes on.
    const rest = join(folder, 'rest');
    const { bavail, bsize } = await statfs(folder);
    await run('fallocate', ['-l', String(bavail * bsize), rest]);
    for (let round = 0; round < 50; round += 1) await core.query('SELECT * FROM written');
    const pid = server.pid();
    expect(await core.query('SELECT * FROM written')).toEqual([{ number: 1 }]);

    change = Promise.withResolvers<boolean>();
    await rm(rest);
    await rm(hog);
    expect(await change.promise).toBe(false);
    await core.query('INSERT INTO written VALUES (2)');
    expect(await core.query('SELECT count(*) FROM written')).toEqual([{ count: 2 }]);
    expect(server.pid()).toBe(pid);
  });

  test('a data file that cannot grow throws STORAGE_FULL and the server lives on', async () => {
    await using server = await startEmbeddedServer({ folder: join(folder, 'data') });
    await using database = await createDatabase({ connection: server.connection, log: silent });
    const core = database.core();
    // Without a log entry per row, it is the table's file that meets the end of the disk.
    await core.query('CREATE UNLOGGED TABLE bulk (text text)');
    await core.query('ALTER TABLE bulk ALTER text SET STORAGE PLAIN');
    const fill = core.transaction(async (tx) => {
      for (let round = 0; round < 500; round += 1) {
        await tx.query("INSERT INTO bulk SELECT repeat('x', 7000) FROM generate_series(1, 500)");
      }
    });
    await expect(fill).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(await core.query('SELECT count(*) FROM bulk')).toEqual([{ count: 0 }]);
    await core.query('DROP TABLE bulk');
  });

  test('a server that ended because its log could not grow starts again on the full disk, and nothing is lost', async () => {
    const ended = Promise.withResolvers<void>();
    const data = join(folder, 'data');
    await using server = await startEmbeddedServer({
      folder: data,
      reserveBytes: 64 * mib,
      onUnexpectedExit: () => ended.resolve(),
    });
    await using database = await createDatabase({ connection: server.connection, log: silent });
    const core = database.core();
    await core.query('CREATE TABLE logged (number bigint)');
    await reserveIsThere(data);
    const hog = await occupyAllBut(40 * mib);
    // What refuses writes in time is left out here.
    let committed = 0;
    const write = async (): Promise<void> => {
      for (;;) {
        // One row of data and a megabyte of log, so that it is the log that meets the end of the disk.
        await core.query(
          "INSERT INTO logged SELECT $1 FROM pg_logical_emit_message(true, 'fill', repeat('x', 1048576))",
          [committed],
        );
        committed += 1;
      }
    };
    await expect(write()).rejects.toThrow();
    await ended.promise;
    await server.restart();
    const [row] = await core.query<{ found: number }>('SELECT count(*) AS found FROM logged');
    // The one under way when the disk ran full may have been committed without being acknowledged.
    expect([committed, committed + 1]).toContain(row?.found);
    expect(server.storageFull()).toBe(true);
    await rm(hog);
  });
});

async function reserveIsThere(data: string): Promise<void> {
  while (!existsSync(join(data, 'reserve'))) await new Promise((resolve) => setImmediate(resolve));
}

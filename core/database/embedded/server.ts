import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
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
import { createServerProcess } from './server-process.ts';
import type { ServerExit, ServerProcess } from './server-process.ts';

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
  /** Longest wait for readiness, crash recovery included; default 600,000 ms. */
  readonly startTimeoutMs?: number;
  /** Called when the server ends without having been told to. The folder stays locked; see `restart`. */
  readonly onUnexpectedExit?: (exit: ServerExit) => void;
}

/** A running PostgreSQL 18 of our own. */
export interface EmbeddedServer extends AsyncDisposable {
  /** As the superuser `orchestrall_admin`. */
  readonly connection: ServerConnection;
  /** Folder of the data files, whose disk must not fill up. */
  readonly clusterFolder: string;
  /** Process number of the server; of the last one after an exit. */
  pid(): number;
  /** Starts the server again after an unexpected exit; the connection stays the same. */
  restart(): Promise<void>;
  /** Stops at once but orderly (fast shutdown), and frees the folder; a second call changes nothing. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on a data folder and resolves when it takes connections.
 *
 * It never runs as root (as `nobody` then), and takes over after a kill: what is left running is ended first,
 * and crash recovery is waited for.
 * Throws `DATA_FOLDER_IN_USE`, `EMBEDDED_POSTGRES_MISSING`, `EMBEDDED_POSTGRES_FAILED`.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const account = serverAccount();
  await mkdir(options.folder, { recursive: true, mode: 0o711 });
  const lock = await lockFolder(options.folder);
  let layout: Layout | undefined;
  let stop: (() => Promise<void>) | undefined;
  try {
    await endLeftover(join(await realpath(options.folder), 'cluster'));
    layout = await prepareLayout(options.folder, account);
    const binaries = options.binaries ?? (await locateBinaries(account, layout.programFolder));
    const { password } = await ensureCluster(layout, binaries, options.durable ?? true);
    const connection: ServerConnection = {
      host: layout.socketFolder,
      port: options.loopbackPort ?? 5432,
      database: options.database ?? 'orchestrall',
      user: administrator,
      password,
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
      onUnexpectedExit: (exit) => options.onUnexpectedExit?.(exit),
    });
    stop = () => server.stop();
    await server.start();
    await ensureDatabase(connection);
    return embeddedServer(connection, layout, server, lock);
  } catch (error) {
    await stop?.();
    await layout?.close();
    await lock.release();
    throw error;
  }
}

function embeddedServer(
  connection: ServerConnection,
  layout: Layout,
  server: ServerProcess,
  lock: FolderLock,
): EmbeddedServer {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      await server.stop();
      await layout.close();
      await lock.release();
    })();
    return stopping;
  };
  return {
    connection,
    clusterFolder: layout.cluster,
    pid: () => server.pid(),
    restart: async () => {
      if (stopping !== undefined) throw new TypeError('the embedded server has been stopped');
      await endLeftover(layout.cluster);
      await server.start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

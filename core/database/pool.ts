import type { Log } from '@orchestrall/sdk';
import { Socket } from 'node:net';
import { Pool } from 'pg';
import type { PoolClient } from 'pg';
import { withoutScope } from '../telemetry/scope.ts';
import type { ServerConnection } from './connection.ts';
import { passingError } from './errors.ts';
import { mapConnectError } from './map-error.ts';
import { rowTypes } from './row-types.ts';
import type { StallWatch, Waiting } from './stall-watch.ts';

/** Where a pool connects to, and its bounds. */
export interface PoolOptions {
  readonly connection: ServerConnection;
  readonly size: number;
  /** Longest wait for a free connection. */
  readonly acquireTimeoutMs: number;
  /** Longest pause between two statements of a transaction, after which the server ends it. */
  readonly idleInTransactionMs: number;
  /** Ends waits for a connection, and for the end of all, when the server falls silent. */
  readonly stalls: StallWatch;
  readonly log: Pick<Log, 'warn'>;
}

/** What a health check and a metric want to know. */
export interface PoolStatistics {
  readonly size: number;
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Connections as the serving login, with statements sent without waiting for the answers of earlier ones. */
export interface ConnectionPool {
  /** Throws `DATABASE_BUSY` after the wait, and `DATABASE_UNAVAILABLE`, at once when the server is silent. */
  acquire(): Promise<PoolClient>;
  statistics(): PoolStatistics;
  /** Waits for what is under way, as long as the server is heard, and closes every connection. */
  end(): Promise<void>;
}

/** Opens no connection until one is needed. */
export function createPool(options: PoolOptions): ConnectionPool {
  const sockets = new Set<Socket>();
  const pool = new Pool({
    ...options.connection,
    // The pool knows those that are open; the others, on their way to a server that hangs, it would wait for.
    stream: () => {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
    max: options.size,
    connectionTimeoutMillis: options.acquireTimeoutMs,
    idleTimeoutMillis: 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionMs,
    keepAlive: true,
    pipeline: true,
    types: rowTypes,
    application_name: 'orchestrall',
    options: '-c timezone=UTC',
  });
  // The pool drops a connection that dies while idle; the next statement opens another.
  pool.on('error', (error) => {
    if (!pool.ending) options.log.warn({ reason: error.message }, 'a database connection was lost');
  });
  pool.on('connect', (client) => {
    // A connection that dies in use also rejects its statements, which is where it is handled.
    client.on('error', () => undefined);
  });
  return {
    async acquire() {
      try {
        if (options.stalls.silent) throw passingError('DATABASE_UNAVAILABLE');
        // A connection and its timers outlive whoever happened to need it first.
        const connecting = withoutScope(async () => pool.connect());
        return await unlessSilent(connecting, options);
      } catch (error) {
        if (error instanceof Error && error.message === 'timeout exceeded when trying to connect') {
          throw passingError('DATABASE_BUSY', { poolSize: options.size, waitMs: options.acquireTimeoutMs });
        }
        throw mapConnectError(error);
      }
    },
    statistics: () => ({
      size: options.size,
      open: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    end: () =>
      // What is under way has time limits of its own, which are longer than a wait for a connection.
      whileHeard({ stalls: options.stalls, limitMs: Number.POSITIVE_INFINITY }, pool.end(), () => {
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Waits for a connection as long as the server is heard; one that comes later goes back to the pool. */
async function unlessSilent(
  connecting: Promise<PoolClient>,
  { stalls, acquireTimeoutMs }: PoolOptions,
): Promise<PoolClient> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  try {
    return await whileHeard({ stalls, limitMs: acquireTimeoutMs }, Promise.race([connecting, silence]), () =>
      reject(passingError('DATABASE_UNAVAILABLE')),
    );
  } catch (error) {
    connecting.then(
      (late) => late.release(),
      () => undefined,
    );
    throw error;
  }
}

/** Waits, and cuts the wait short when the server falls silent or `limitMs` and the grace are over. */
async function whileHeard<Result>(
  { stalls, limitMs }: { readonly stalls: StallWatch; readonly limitMs: number },
  waited: Promise<Result>,
  cut: () => void,
): Promise<Result> {
  const waiting: Waiting = {
    waitingSince: performance.now(),
    limitMs,
    patient: false,
    cut,
  };
  stalls.add(waiting);
  try {
    return await waited;
  } finally {
    stalls.delete(waiting);
  }
}

import type { PoolClient } from 'pg';
import { passingError } from './errors.ts';
import type { ConnectionPool } from './pool.ts';

/** Connections that plugins leave to the core: one of five, at least one; none of two, which a plugin may need both. */
function keptForCore(poolSize: number): number {
  return poolSize < 3 ? 0 : Math.max(1, Math.floor(poolSize / 5));
}

/** The pool and its bounds. */
export interface PluginShareOptions {
  readonly pool: ConnectionPool;
  readonly poolSize: number;
  /** Longest wait for a turn, milliseconds. */
  readonly acquireTimeoutMs: number;
}

/**
 * The pool as plugins see it: all of them together hold so many connections at most that the core keeps some. So a
 * plugin whose transactions never end can still be seen, and switched off, by somebody whose token must be checked.
 * `acquire` throws `DATABASE_BUSY` when no turn comes within the wait, and what the pool's own throws.
 */
export function createPluginShare(options: PluginShareOptions): Pick<ConnectionPool, 'acquire'> {
  const { pool, poolSize, acquireTimeoutMs } = options;
  const waiting = new Set<() => void>();
  let free = poolSize - keptForCore(poolSize);

  const giveBack = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      free += 1;
      return;
    }
    waiting.delete(next);
    // The turn goes over without becoming free, so that nobody who comes later is before who waits.
    next();
  };

  const turn = async (): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = setTimeout(() => {
      waiting.delete(resolve);
      reject(passingError('DATABASE_BUSY', { poolSize, waitMs: acquireTimeoutMs }));
    }, acquireTimeoutMs);
    waiting.add(resolve);
    try {
      await promise;
    } finally {
      clearTimeout(late);
    }
  };

  return {
    async acquire() {
      await turn();
      try {
        return whenReleased(await pool.acquire(), giveBack);
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}

/** The pool gives a connection a new `release` whenever it hands it out, so this lasts for one use. */
function whenReleased(client: PoolClient, released: () => void): PoolClient {
  const release = client.release.bind(client);
  client.release = (failed) => {
    released();
    release(failed);
  };
  return client;
}

import type { Log } from '@orchestrall/sdk';
import { Client, escapeIdentifier } from 'pg';
import { pause } from '../pause.ts';
import type { ServerConnection } from './connection.ts';
import { endConnection } from './end-connection.ts';
import { mapError } from './map-error.ts';
import { openConnection } from './open-connection.ts';

/** What a listener does beside handling notifications. */
export interface ListenOptions {
  /**
   * Called after a lost connection has come back: what was sent meanwhile is gone, so look for yourself. `polls` for
   * who looks without being told anyway.
   */
  readonly onReconnect: (() => void) | 'polls';
}

interface Hearing {
  readonly channel: string;
  readonly handler: (payload: string) => void;
  readonly onReconnect: ListenOptions['onReconnect'];
}

/** Hears NOTIFY over one connection of its own, which is opened at the first `listen` and reopened when lost. */
export interface Listener {
  /** Throws `DATABASE_UNAVAILABLE` when the first connection cannot be made. */
  listen(
    channel: string,
    handler: (payload: string) => void,
    options: ListenOptions,
  ): Promise<AsyncDisposable>;
  close(): Promise<void>;
}

/** What a listener is made of. */
export interface ListenerOptions {
  readonly connection: ServerConnection;
  readonly log: Pick<Log, 'warn' | 'error'>;
  /** Pause between two questions whether the connection still lives; default 3,000 ms. */
  readonly checkEveryMs?: number;
  /** Longest wait for an answer on it, after which it is given up and opened anew; default 5,000 ms. */
  readonly answerLimitMs?: number;
}

const shortestPauseMs = 50;
const longestPauseMs = 5_000;
/** A connection that was lost sooner is not opened anew at once. */
const steadyMs = 1_000;

/** Opens no connection yet. */
export function createListener(options: ListenerOptions): Listener {
  const { log, checkEveryMs = 3_000, answerLimitMs = 5_000 } = options;
  const hearings = new Set<Hearing>();
  const closed = new AbortController();
  let client: Client | undefined;
  let opening: Promise<Client> | undefined;

  const call = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      log.error({ error }, 'a handler of a notification failed');
    }
  };

  const open = async (): Promise<Client> => {
    const fresh = new Client({
      ...options.connection,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      query_timeout: answerLimitMs,
      // A check may be under way when somebody begins or ends to listen.
      pipeline: true,
      application_name: 'orchestrall listen',
    });
    fresh.on('notification', ({ channel, payload }) => {
      for (const hearing of hearings) {
        if (hearing.channel === channel) call(() => hearing.handler(payload ?? ''));
      }
    });
    // An error is always followed by the end of the connection, which is handled below.
    fresh.on('error', () => undefined);
    // A goodbye could wait for ever for a server that is out of reach.
    const giveUp = (): void => void fresh.connection.stream.destroy();
    closed.signal.addEventListener('abort', giveUp);
    try {
      await openConnection(fresh);
      for (const channel of new Set([...hearings].map((hearing) => hearing.channel))) {
        await fresh.query(`LISTEN ${escapeIdentifier(channel)}`);
      }
    } catch (error) {
      giveUp();
      throw mapError(error);
    } finally {
      closed.signal.removeEventListener('abort', giveUp);
    }
    const openedAt = performance.now();
    const lost = new AbortController();
    fresh.once('end', () => {
      lost.abort();
      client = undefined;
      opening = undefined;
      if (!closed.signal.aborted) void reopen(performance.now() - openedAt > steadyMs);
    });
    client = fresh;
    void check(fresh, lost.signal);
    return fresh;
  };

  /** Nobody else sends on this connection, so that it could be dead for hours unnoticed. */
  const check = async (current: Client, lost: AbortSignal): Promise<void> => {
    while (!lost.aborted) {
      await pause(checkEveryMs, { signal: lost, ref: false });
      if (lost.aborted) return;
      // Its end is then handled like every other.
      await current.query('SELECT 1').catch(() => current.connection.stream.destroy());
    }
  };

  const connected = (): Promise<Client> => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  let pauseMs = shortestPauseMs;
  const rest = async (): Promise<void> => {
    await pause(pauseMs, { signal: closed.signal });
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  };

  const reopen = async (wasSteady: boolean): Promise<void> => {
    log.warn({}, 'the connection that hears notifications was lost');
    if (wasSteady) pauseMs = shortestPauseMs;
    else await rest();
    while (!closed.signal.aborted) {
      try {
        await connected();
        for (const hearing of hearings) if (hearing.onReconnect !== 'polls') call(hearing.onReconnect);
        return;
      } catch (error) {
        if (closed.signal.aborted) return;
        log.warn({ error }, 'the connection that hears notifications cannot be opened');
        await rest();
      }
    }
  };

  return {
    async listen(channel, handler, { onReconnect }) {
      const hearing: Hearing = { channel, handler, onReconnect };
      hearings.add(hearing);
      try {
        const current = await connected();
        await current.query(`LISTEN ${escapeIdentifier(channel)}`);
      } catch (error) {
        hearings.delete(hearing);
        throw mapError(error);
      }
      return {
        [Symbol.asyncDispose]: async () => {
          hearings.delete(hearing);
          if ([...hearings].some((other) => other.channel === channel)) return;
          // A connection that is lost at this moment has stopped listening as well.
          await client?.query(`UNLISTEN ${escapeIdentifier(channel)}`).catch(() => undefined);
        },
      };
    },
    async close() {
      closed.abort();
      hearings.clear();
      // Its failure is told to whoever wanted to listen; what counts here is that nothing opens any more.
      await opening?.catch(() => undefined);
      if (client !== undefined) await endConnection(client, answerLimitMs);
    },
  };
}

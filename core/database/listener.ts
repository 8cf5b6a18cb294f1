import type { Log } from '@orchestrall/sdk';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import type { ServerConnection } from './connection.ts';
import { mapError } from './map-error.ts';

export interface ListenOptions {
  /** Called after a lost connection has come back: what was sent meanwhile is gone, so look for yourself. */
  readonly onReconnect?: () => void;
}

interface Hearing {
  readonly channel: string;
  readonly handler: (payload: string) => void;
  readonly onReconnect: (() => void) | undefined;
}

/** Hears NOTIFY over one connection of its own, which is opened at the first `listen` and reopened when lost. */
export interface Listener {
  /** Throws `DATABASE_UNAVAILABLE` when the first connection cannot be made. */
  listen(
    channel: string,
    handler: (payload: string) => void,
    options?: ListenOptions,
  ): Promise<AsyncDisposable>;
  close(): Promise<void>;
}

const longestPauseMs = 5_000;

/** Opens no connection yet. */
export function createListener(options: {
  readonly connection: ServerConnection;
  readonly log: Pick<Log, 'warn' | 'error'>;
}): Listener {
  const { log } = options;
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
      application_name: 'orchestrall listen',
    });
    fresh.on('notification', ({ channel, payload }) => {
      for (const hearing of hearings) {
        if (hearing.channel === channel) call(() => hearing.handler(payload ?? ''));
      }
    });
    // An error is always followed by the end of the connection, which is handled below.
    fresh.on('error', () => undefined);
    try {
      await fresh.connect();
      for (const channel of new Set([...hearings].map((hearing) => hearing.channel))) {
        await fresh.query(`LISTEN ${escapeIdentifier(channel)}`);
      }
    } catch (error) {
      await fresh.end().catch(() => undefined);
      throw mapError(error);
    }
    fresh.once('end', () => {
      client = undefined;
      opening = undefined;
      if (!closed.signal.aborted) void reopen();
    });
    client = fresh;
    return fresh;
  };

  const connected = (): Promise<Client> => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  const reopen = async (): Promise<void> => {
    log.warn({}, 'the connection that hears notifications was lost');
    for (let waitMs = 50; !closed.signal.aborted; waitMs = Math.min(waitMs * 2, longestPauseMs)) {
      try {
        await connected();
        for (const hearing of hearings) if (hearing.onReconnect !== undefined) call(hearing.onReconnect);
        return;
      } catch (error) {
        log.warn({ error }, 'the connection that hears notifications cannot be opened');
        await pause(waitMs, undefined, { signal: closed.signal }).catch(() => undefined);
      }
    }
  };

  return {
    async listen(channel, handler, given = {}) {
      const hearing: Hearing = { channel, handler, onReconnect: given.onReconnect };
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
      await opening?.catch(() => undefined);
      await client?.end();
    },
  };
}

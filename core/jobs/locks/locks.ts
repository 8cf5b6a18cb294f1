import { createId } from '@orchestrall/sdk';
import type { HeldLock, LockOptions, Locks } from '@orchestrall/sdk';
import { Registry } from 'prom-client';
import { coreError } from '../../errors.ts';
import type { Owner } from '../../telemetry/owner.ts';
import type { JobsOptions } from '../ports.ts';
import { createLockMetrics } from './lock-metrics.ts';
import {
  acquireLock,
  leaveLine,
  listLocks,
  locksChannel,
  releaseLock,
  renewLock,
  sweepLocks,
} from './lock-store.ts';
import type { Asker, LockRecord } from './lock-store.ts';

/** Locks of all plugins in this process. */
export interface LocksEngine extends AsyncDisposable {
  /** Begins to hear of releases; before that, waiters ask once a second. */
  start(): Promise<void>;
  forPlugin(owner: Owner): Locks;
  /** Locks of the whole appliance that are held or waited for. */
  list(): Promise<LockRecord[]>;
}

const sweepEveryMs = 3_600_000;

/** Builds the locks over leases in PostgreSQL. */
export function createLocks(
  options: Pick<JobsOptions, 'database' | 'clock' | 'log' | 'metrics'>,
): LocksEngine {
  const { database, clock, log } = options;
  const waiters = new Map<string, Set<() => void>>();
  const metrics = createLockMetrics(options.metrics ?? new Registry(), log);
  let listening: AsyncDisposable | undefined;
  let sweeping: NodeJS.Timeout | undefined;

  const wakeAll = (): void => {
    for (const asking of waiters.values()) for (const wake of asking) wake();
  };

  /** Resolves after the time, or sooner when the lock was released. */
  const releasedOrAfter = (place: string, delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const asking = waiters.get(place) ?? new Set();
      waiters.set(place, asking);
      const done = (): void => {
        clearTimeout(timer);
        asking.delete(done);
        if (asking.size === 0 && waiters.get(place) === asking) waiters.delete(place);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      asking.add(done);
    });

  const acquire = async (asker: Asker): Promise<{ readonly fence: number; readonly sentAtMs: number }> => {
    const beganAtMs = clock.monotonicMs();
    const place = `${asker.plugin}/${asker.name}`;
    for (;;) {
      const sentAtMs = clock.monotonicMs();
      const { fence, askAgainMs } = await acquireLock(database.core(), asker);
      if (fence !== null) {
        metrics.acquired(asker, (sentAtMs - beganAtMs) / 1000);
        return { fence, sentAtMs };
      }
      const leftMs = asker.waitMs - (clock.monotonicMs() - beganAtMs);
      if (leftMs <= 0) {
        if (asker.waitMs > 0) await leaveLine(database.core(), asker.asker);
        metrics.unavailable(asker, (clock.monotonicMs() - beganAtMs) / 1000);
        throw coreError('LOCK_UNAVAILABLE', { name: asker.name, waitMs: asker.waitMs });
      }
      await releasedOrAfter(place, Math.min(askAgainMs, leftMs));
    }
  };

  const withLock = async <Result>(
    asker: Asker,
    work: (lock: HeldLock) => Promise<Result>,
  ): Promise<Result> => {
    const { fence, sentAtMs } = await acquire(asker);
    const lease = keepLease(options, asker, fence, sentAtMs);
    try {
      return await work({ fence, signal: lease.signal });
    } finally {
      lease[Symbol.dispose]();
      metrics.ended(asker, lease.signal.aborted);
      // The lease ends by itself when the release does not get through.
      await releaseLock(database.core(), asker, asker.asker).catch((error: unknown) =>
        log.warn({ error, lock: asker.name }, 'a lock could not be released'),
      );
    }
  };

  return {
    async start() {
      listening = await database.listen(
        locksChannel,
        (place) => {
          for (const wake of waiters.get(place) ?? []) wake();
        },
        { onReconnect: wakeAll },
      );
      sweeping = setInterval(() => {
        sweepLocks(database.core()).catch((error: unknown) =>
          log.warn({ error }, 'locks could not be swept'),
        );
      }, sweepEveryMs);
    },
    forPlugin: ({ plugin }) => ({
      withLock: async (name, work, given) => withLock(checked(plugin, name, given), work),
    }),
    list: () => listLocks(database.core()),
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      await listening?.[Symbol.asyncDispose]();
    },
  };
}

/** Renews a lease at a third of its length; aborts the signal when it was lost or ran out unanswered. */
function keepLease(
  { database, clock, log }: Pick<JobsOptions, 'database' | 'clock' | 'log'>,
  asker: Asker,
  fence: number,
  acquiredAtMs: number,
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  let renewedAtMs = acquiredAtMs;
  const lose = (): void => controller.abort(coreError('LOCK_LOST', { name: asker.name, fence }));
  const renew = async (): Promise<void> => {
    const sentAtMs = clock.monotonicMs();
    try {
      if (await renewLock(database.core(), asker, asker.asker, asker.ttlMs)) renewedAtMs = sentAtMs;
      else lose();
    } catch (error) {
      log.warn({ error, lock: asker.name }, 'a lock could not be renewed');
    }
  };
  const renewing = setInterval(() => void renew(), asker.ttlMs / 3);
  const watching = setInterval(
    () => {
      if (clock.monotonicMs() - renewedAtMs >= asker.ttlMs) lose();
    },
    Math.max(50, asker.ttlMs / 20),
  );
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearInterval(renewing);
      clearInterval(watching);
    },
  };
}

function checked(plugin: string, name: string, options: LockOptions = {}): Asker {
  const { ttlMs = 15_000, waitMs = 0, priority = 1 } = options;
  const refuse = (reason: string): never => {
    throw coreError('LOCK_INVALID', { name, reason });
  };
  if (name.length < 1 || name.length > 256 || name.includes('\0') || !name.isWellFormed()) {
    refuse('its name must be 1 to 256 characters without NUL');
  }
  if (!Number.isInteger(ttlMs) || ttlMs < 300 || ttlMs > 3_600_000) refuse('ttlMs must be 300 to 3,600,000');
  if (!Number.isInteger(waitMs) || waitMs < 0 || waitMs > 3_600_000) refuse('waitMs must be 0 to 3,600,000');
  if (!Number.isInteger(priority) || priority < 0 || priority > 9) refuse('priority must be 0 to 9');
  return { plugin, name, asker: createId(), ttlMs, waitMs, priority };
}

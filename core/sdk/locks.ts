/** How a lock is taken and held. */
export interface LockOptions {
  /** Lease, renewed while the work runs; default 15,000 ms. */
  readonly ttlMs?: number;
  /** Longest wait for it; default 0, which fails at once. Throws `LOCK_UNAVAILABLE`. */
  readonly waitMs?: number;
  /** 0 to 9, higher is served sooner among those who wait; default 1. Five seconds of waiting count as one more. */
  readonly priority?: number;
}

/** A held lock. */
export interface HeldLock {
  /** Grows with every acquisition of this lock; give it to what must refuse a late writer. */
  readonly fence: number;
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal;
}

/** Mutual exclusion across replicas by leases in PostgreSQL. */
export interface Locks {
  /** Runs work while holding the lock named `name` within this plugin. */
  withLock<Result>(
    name: string,
    work: (lock: HeldLock) => Promise<Result>,
    options?: LockOptions,
  ): Promise<Result>;
}

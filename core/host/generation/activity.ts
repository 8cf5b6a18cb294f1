import type { WorkKind } from '../../telemetry/owner.ts';

/** Counts what one generation has in flight, so that it is closed at zero and not before. */
export class Activity {
  #total = 0;
  readonly #waiters = new Set<() => void>();

  begin(_kind: WorkKind): void {
    this.#total += 1;
  }

  end(_kind: WorkKind): void {
    this.#total -= 1;
    if (this.#total === 0) for (const wake of this.#waiters) wake();
  }

  /** Resolves true at zero, false when `deadlineMs` has passed before that. */
  async idle(deadlineMs: number): Promise<boolean> {
    if (this.#total === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const wake = (): void => resolve(true);
    const timer = setTimeout(() => resolve(false), deadlineMs);
    this.#waiters.add(wake);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(wake);
    }
  }
}

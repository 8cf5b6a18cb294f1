import type { WorkKind } from '../telemetry/owner.ts';

/** Counts what one generation has in flight, so that it is closed at zero and not before. */
export class Activity {
  readonly #counts = new Map<WorkKind, number>();
  #total = 0;
  #waiters: (() => void)[] = [];

  get total(): number {
    return this.#total;
  }

  /** In flight by kind; kinds at zero are left out. */
  byKind(): Partial<Record<WorkKind, number>> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0));
  }

  begin(kind: WorkKind): void {
    this.#total += 1;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  end(kind: WorkKind): void {
    this.#total -= 1;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) - 1);
    if (this.#total > 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves true at zero, false when `deadlineMs` has passed or `signal` is aborted before that. */
  async idle(deadlineMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#total === 0) return true;
    if (signal?.aborted === true) return false;
    return new Promise<boolean>((resolve) => {
      const settle = (reached: boolean): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        resolve(reached);
      };
      const giveUp = (): void => settle(false);
      const timer = setTimeout(giveUp, deadlineMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiters.push(() => settle(true));
    });
  }
}

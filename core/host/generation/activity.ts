import type { WorkKind } from '../../telemetry/owner.ts';

/** How much work there is, by kind. */
export type WorkCounts = Readonly<Partial<Record<WorkKind, number>>>;

/** Counts what one generation has in flight, so that it is closed at zero and not before. */
export class Activity {
  readonly #counts: Record<WorkKind, number> = {
    request: 0,
    stream: 0,
    event: 0,
    job: 0,
    call: 0,
    timer: 0,
    listener: 0,
  };
  #total = 0;
  readonly #waiters = new Set<() => void>();

  begin(kind: WorkKind): void {
    this.#counts[kind] += 1;
    this.#total += 1;
  }

  end(kind: WorkKind): void {
    this.#counts[kind] -= 1;
    this.#total -= 1;
    if (this.#total === 0) for (const wake of this.#waiters) wake();
  }

  /** How much of each kind is in flight; kinds of which there is none are left out. */
  get inFlight(): WorkCounts {
    return Object.fromEntries(Object.entries(this.#counts).filter(([, count]) => count > 0));
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

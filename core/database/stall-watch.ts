/** Something that waits for answers of the server. */
export interface Waiting {
  /** Whether an answer is overdue by more than `graceMs` at the instant `now` (monotonic milliseconds). */
  overdue(now: number, graceMs: number): boolean;
  /** Cuts the connection, which rejects what waits on it. */
  cut(): void;
}

/** Frees callers from a server that has fallen silent, which its own time limits cannot do. */
export interface StallWatch extends Disposable {
  add(waiting: Waiting): void;
  delete(waiting: Waiting): void;
}

/** One timer for all connections, so that a statement costs none. */
export function createStallWatch(graceMs: number): StallWatch {
  const all = new Set<Waiting>();
  const timer = setInterval(
    () => {
      const now = performance.now();
      for (const waiting of all) if (waiting.overdue(now, graceMs)) waiting.cut();
    },
    Math.min(1_000, Math.max(10, graceMs / 2)),
  );
  timer.unref();
  return {
    add: (waiting) => void all.add(waiting),
    delete: (waiting) => void all.delete(waiting),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Later retries are left to the search for what is due. */
const longestMs = 2_000;

/** Timers of retries that come sooner than the search for what is due, which finds them as well. */
export class RetryTimers {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** Calls back after the pause, unless it is longer than two seconds or `clear` comes first. */
  later(pauseMs: number, work: () => void): void {
    if (pauseMs > longestMs) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, pauseMs + 1);
    this.#timers.add(timer);
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

const longestPauseMs = 300_000;
/** A plugin that ran this long without a fault begins anew. */
const forgiveAfterMs = 60_000;

/** How long to wait after each failure in a row of one target: doubled each time, up to five minutes. */
export class Backoff {
  #target: string | undefined;
  #failures = 0;

  /** Notes a failure and gives the pause before the next try; `ranMs` is how long the target had served, if it had. */
  pauseMs(target: string, firstPauseMs: number, ranMs: number | undefined): number {
    const isFirst = target !== this.#target || (ranMs ?? 0) > forgiveAfterMs;
    this.#target = target;
    this.#failures = isFirst ? 1 : this.#failures + 1;
    return Math.min(firstPauseMs * 2 ** (this.#failures - 1), longestPauseMs);
  }

  /** The next failure is the first again. */
  forgive(): void {
    this.#target = undefined;
  }
}

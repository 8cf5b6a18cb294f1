/** How long what fails is left alone. */
export interface OutageOptions {
  readonly firstPauseMs: number;
  /** Bound of the pause, which doubles with each failure in a row; default `firstPauseMs`, so that it stays the same. */
  readonly longestPauseMs?: number;
}

/** What is known of something that is tried again while it fails, such as work that needs the database. */
export class Outage {
  readonly #firstPauseMs: number;
  readonly #longestPauseMs: number;
  #failures = 0;

  constructor({ firstPauseMs, longestPauseMs = firstPauseMs }: OutageOptions) {
    this.#firstPauseMs = firstPauseMs;
    this.#longestPauseMs = longestPauseMs;
  }

  /** Failures in a row; 0 once it works. */
  get failures(): number {
    return this.#failures;
  }

  /** Pause before the next try; 0 while nothing fails. */
  get pauseMs(): number {
    if (this.#failures === 0) return 0;
    return Math.min(this.#firstPauseMs * 2 ** (this.#failures - 1), this.#longestPauseMs);
  }

  /** Counts a failure; `tell` is called for the first in a row only, so that a whole outage is one line of the log. */
  failed(tell: () => void): void {
    this.#failures += 1;
    if (this.#failures === 1) tell();
  }

  /** It works: the next failure is the first again. */
  passed(): void {
    this.#failures = 0;
  }
}

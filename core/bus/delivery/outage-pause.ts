import type { Log } from '@orchestrall/sdk';
import { Outage } from '../../resilience/outage.ts';
import { withoutScope } from '../../telemetry/scope.ts';

/** The pause of one subscription while the database fails: doubled with each failure in a row, up to five seconds. */
export class OutagePause {
  readonly #log: Log;
  readonly #again: () => void;
  readonly #outage = new Outage({ firstPauseMs: 250, longestPauseMs: 5_000 });
  #timer: NodeJS.Timeout | undefined;

  /** `again` is called after each pause. */
  constructor(options: { readonly log: Log; readonly again: () => void }) {
    this.#log = options.log;
    this.#again = options.again;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Begins a pause, unless one is on; only the first failure in a row is logged, so that an outage is one line. */
  begin(error: unknown, subscription: string | undefined): void {
    if (this.isOn) return;
    this.#outage.failed(() =>
      this.#log.warn({ error, subscription }, 'a subscription waits for the database'),
    );
    this.#timer = withoutScope(() =>
      setTimeout(() => {
        this.#timer = undefined;
        this.#again();
      }, this.#outage.pauseMs),
    );
  }

  /** The database has answered: the next failure is the first again. */
  reset(): void {
    this.#outage.passed();
  }

  /** Takes back a pause that is on. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

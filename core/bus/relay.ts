import type { Log } from '@orchestrall/sdk';
import { Outage } from '../resilience/outage.ts';
import { withoutScope } from '../telemetry/scope.ts';
import type { StampedEvent } from './envelope.ts';

/** Where a relay takes events from, and where to. */
export interface RelayOptions {
  /** Moves up to `limit` committed events to the history; `busy` when another replica is at it. */
  readonly stamp: (limit: number) => Promise<readonly StampedEvent[] | 'busy'>;
  /** Takes what was stamped, in order; must not block. */
  readonly deliver: (events: readonly StampedEvent[]) => void;
  readonly log: Log;
  /** Events a batch; default 2,000. */
  readonly batchSize?: number;
  /** Pause between looks when nobody pokes; default 250 ms. */
  readonly pollMs?: number;
}

/** How soon to look again when another replica was at it: its snapshot may be older than our commit. */
const busyPauseMs = 5;
const busyLooks = 20;
const longestPauseMs = 5_000;

/**
 * Moves committed events from the outbox to the history, where they get their positions. Each replica runs one;
 * a row lock lets one of them work at a time. A commit in this process pokes it, a poll finds the rest.
 */
export class Relay implements AsyncDisposable {
  readonly #options: Required<RelayOptions>;
  #poked = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #outage: Outage;

  constructor(options: RelayOptions) {
    this.#options = { batchSize: 2_000, pollMs: 250, ...options };
    this.#outage = new Outage({ firstPauseMs: 2 * this.#options.pollMs, longestPauseMs });
  }

  /** Begins to poll. */
  start(): void {
    this.poke();
  }

  /** Looks into the outbox now; cheap to call, calls during a look are one more look. */
  poke(): void {
    if (this.#stopped) return;
    this.#poked = true;
    if (this.#running !== undefined || this.#outage.failures > 0) return;
    this.#begin();
  }

  /** Consecutive failures, for health. */
  get failures(): number {
    return this.#outage.failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    // Whoever emitted first is not to be charged with what serves all.
    this.#running = withoutScope(async () => this.#work()).finally(() => {
      this.#running = undefined;
      if (this.#stopped) return;
      if (this.#poked && this.#outage.failures === 0) this.#begin();
      else this.#timer = withoutScope(() => setTimeout(() => this.#begin(), this.#pauseMs()));
    });
  }

  #pauseMs(): number {
    return Math.min(Math.max(this.#options.pollMs, this.#outage.pauseMs), longestPauseMs);
  }

  async #work(): Promise<void> {
    const { stamp, deliver, batchSize, log } = this.#options;
    let looks = 0;
    try {
      for (;;) {
        this.#poked = false;
        const events = await stamp(batchSize);
        this.#outage.passed();
        if (events === 'busy') {
          looks += 1;
          if (looks > busyLooks || this.#stopped) return;
          await new Promise((resolve) => setTimeout(resolve, busyPauseMs));
          continue;
        }
        looks = 0;
        if (events.length > 0) deliver(events);
        if (events.length < batchSize && !this.#poked) return;
        if (this.#stopped) return;
      }
    } catch (error) {
      this.#outage.failed(() => log.warn({ error }, 'the relay of events could not reach the database'));
    }
  }
}

import type { Log } from '@orchestrall/sdk';
import type { StampedEvent } from './envelope.ts';

/** Reads a stretch of the history; ascending, at most `limit`. */
export type ReadHistory = (after: number, limit: number) => Promise<readonly StampedEvent[]>;

type Listener = (events: readonly StampedEvent[]) => void;

/** Where a tail reads what it has missed, and how much of it is kept. */
export interface TailOptions {
  readonly read: ReadHistory;
  readonly log: Log;
  /**
   * Events kept in memory, up to twice as many for a while; default 5,000, some 10 MB at most of a CRM's records.
   * A reader that is further behind reads the history.
   */
  readonly capacity?: number;
}

const fillBatch = 1_000;

/**
 * The newest events of the history in memory, without gaps. Hints from the relay and the transport extend it;
 * where a hint leaves a gap, the history fills it.
 */
export class Tail {
  readonly #read: ReadHistory;
  readonly #log: Log;
  readonly #capacity: number;
  readonly #listeners = new Set<Listener>();
  /** Contiguous; the last one is at `head`. */
  #events: StampedEvent[] = [];
  #head = 0;
  #wanted = 0;
  #filling: Promise<void> | undefined;

  constructor(options: TailOptions) {
    this.#read = options.read;
    this.#log = options.log;
    this.#capacity = options.capacity ?? 5_000;
  }

  /** Highest position up to which this process has seen everything. */
  get head(): number {
    return this.#head;
  }

  /** Begins after a position. */
  start(head: number): void {
    this.#head = head;
    this.#events = [];
  }

  /** Calls back with each stretch of new events, in order, none twice. */
  onAdvance(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Takes a hint: ascending events with contiguous positions. */
  offer(events: readonly StampedEvent[]): void {
    const last = events.at(-1);
    const first = events[0];
    if (first === undefined || last === undefined || last.position <= this.#head) return;
    if (this.#filling !== undefined || first.position > this.#head + 1) {
      this.catchUp(last.position);
      return;
    }
    this.#append(first.position === this.#head + 1 ? events : events.slice(this.#head + 1 - first.position));
  }

  /** Makes sure that everything up to a position is read from the history. */
  catchUp(through: number): void {
    this.#wanted = Math.max(this.#wanted, through);
    if (this.#filling !== undefined || this.#wanted <= this.#head) return;
    this.#filling = this.#fill().finally(() => {
      this.#filling = undefined;
    });
  }

  /** Forgets what is held in memory, since it has changed in the history; readers that are behind read it there. */
  forget(): void {
    this.#events = [];
  }

  /** Up to `limit` events after a position, or undefined when memory no longer holds all of them. */
  readAfter(after: number, limit: number): readonly StampedEvent[] | undefined {
    if (after >= this.#head) return [];
    const from = after - (this.#head - this.#events.length);
    return from < 0 ? undefined : this.#events.slice(from, from + limit);
  }

  async #fill(): Promise<void> {
    try {
      while (this.#head < this.#wanted) {
        const events = await this.#read(this.#head, fillBatch);
        // Positions are contiguous and visible in order, so nothing to read means that the hint was early.
        if (events.length === 0) return;
        this.#append(events);
      }
    } catch (error) {
      // The next hint or poll tries again.
      this.#log.warn({ error, head: this.#head }, 'the tail of events could not be read');
    }
  }

  #append(events: readonly StampedEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    const [first = last] = events;
    // Retention may have removed the stretch behind the head: memory begins anew behind the hole.
    if (first.position !== this.#head + 1) this.#events = [];
    for (const event of events) this.#events.push(event);
    this.#head = last.position;
    if (this.#events.length > 2 * this.#capacity) this.#events = this.#events.slice(-this.#capacity);
    for (const listener of this.#listeners) {
      try {
        listener(events);
      } catch (error) {
        this.#log.error({ error }, 'a reader of the tail of events failed');
      }
    }
  }
}

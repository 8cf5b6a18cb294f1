import type { StampedEvent } from '../envelope.ts';

/** One event that a subscription has read and not yet settled. */
export interface Entry {
  readonly stamped: StampedEvent;
  readonly key: string;
  /** Runs in a transaction of its own, after one that it shared failed. */
  alone: boolean;
  settled: boolean;
}

/** What a subscription has read beyond its cursor, in order of position; the cursor follows the first unsettled. */
export class Window {
  #entries: Entry[] = [];
  #first = 0;
  #unsettled = 0;
  #readThrough: number;

  constructor(cursor: number) {
    this.#readThrough = cursor;
  }

  /** Highest position that was looked at. */
  get readThrough(): number {
    return this.#readThrough;
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  /** Every position up to here is settled. */
  get cursor(): number {
    const first = this.#entries[this.#first];
    return first === undefined ? this.#readThrough : first.stamped.position - 1;
  }

  /** Notes that everything up to a position was looked at. */
  readTo(position: number): void {
    this.#readThrough = Math.max(this.#readThrough, position);
  }

  add(stamped: StampedEvent, key: string): Entry {
    const entry: Entry = { stamped, key, alone: false, settled: false };
    this.#entries.push(entry);
    this.#unsettled += 1;
    this.#readThrough = stamped.position;
    return entry;
  }

  settle(entry: Entry): void {
    if (entry.settled) return;
    entry.settled = true;
    this.#unsettled -= 1;
    while (this.#entries[this.#first]?.settled === true) this.#first += 1;
    if (this.#first > 1_024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}

/**
 * How many deliveries run at a time in this process. Each holds a database connection, so that without a bound
 * subscriptions that catch up would leave none for requests. Freed lanes go round among those that wait.
 */
export class Lanes {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a lane; when none is free, `again` is called once there is. */
  take(again: () => void): boolean {
    if (this.#free === 0) {
      this.#waiting.add(again);
      return false;
    }
    this.#free -= 1;
    this.#waiting.delete(again);
    return true;
  }

  give(): void {
    this.#free += 1;
    // One that waited may have ended since: the lane is offered on until someone takes it.
    for (const next of this.#waiting) {
      if (this.#free === 0) return;
      this.#waiting.delete(next);
      next();
    }
  }
}

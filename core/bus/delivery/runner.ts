import type { Log } from '@orchestrall/sdk';
import type { BusMetrics, DeliveryStatus } from '../bus-metrics.ts';
import { keyOf } from '../envelope.ts';
import type { StampedEvent } from '../envelope.ts';
import type { Stretch } from '../event-store.ts';
import { toTypeCondition } from '../pattern.ts';
import type { TypeCondition } from '../pattern.ts';
import type { Tail } from '../tail.ts';
import { attemptBatch, attemptParked } from './attempt.ts';
import type { Failure, Outcome } from './attempt.ts';
import type { Binding } from './binding.ts';
import { isFenced } from './delivery-store.ts';
import type { DeliveryStore, HeldSubscription, TakenSubscription } from './delivery-store.ts';
import { noteFailure } from './failure.ts';
import { Keys } from './keys.ts';
import type { Key } from './keys.ts';
import type { Lanes } from './lanes.ts';
import { OutagePause } from './outage-pause.ts';
import { RetryTimers } from './retry-timers.ts';
import { Window } from './window.ts';
import type { Entry } from './window.ts';

/** What a runner is given of the subscription it has taken, and of the process. */
export interface RunnerOptions {
  readonly taken: TakenSubscription;
  readonly tail: Tail;
  readonly store: DeliveryStore;
  /** Shared with the other subscriptions of the process. */
  readonly lanes: Lanes;
  readonly readMatching: (
    after: number,
    condition: TypeCondition | undefined,
    limit: number,
  ) => Promise<Stretch>;
  readonly log: Log;
  readonly metrics: BusMetrics;
  /** Called once when another replica has taken the subscription. */
  readonly onLost: () => void;
  readonly onDead: (binding: Binding, event: StampedEvent, reason: string) => void;
}

/** Events read beyond the cursor and not yet settled. */
const windowSize = 2_000;
const readSize = 500;
/** Events handled in one transaction. */
const batchSize = 64;
const parkSize = 500;

/**
 * Works on one subscription while this replica holds it: reads ahead, hands events to the handler, several keys at
 * a time and each key in order, and parks what fails.
 */
export class SubscriptionRunner {
  readonly #options: RunnerOptions;
  readonly #window: Window;
  readonly #keys: Keys;
  readonly #skip: Set<number>;
  #binding: Binding | undefined;
  #condition: TypeCondition | undefined;
  #savedCursor: number;
  #lanes = 0;
  #loading = false;
  #stopped = false;
  readonly #outage: OutagePause;
  readonly #retries = new RetryTimers();
  readonly #idle = Promise.withResolvers<void>();
  readonly #again = (): void => this.pump();

  constructor(options: RunnerOptions) {
    const { taken } = options;
    this.#options = options;
    this.#window = new Window(taken.cursor);
    this.#keys = new Keys(taken.blockedKeys);
    this.#skip = new Set(taken.settled);
    this.#savedCursor = taken.cursor;
    this.#outage = new OutagePause({ log: options.log, again: this.#again });
  }

  /** Hands the subscription to another generation, or to none; what runs ends under the one it began with. */
  bind(binding: Binding | undefined): void {
    this.#binding = binding;
    this.#condition = binding === undefined ? undefined : toTypeCondition(binding.pattern);
    this.pump();
  }

  get held(): HeldSubscription {
    return this.#options.taken;
  }

  /** Keys with parked events. */
  get blockedKeys(): number {
    return this.#keys.blockedCount;
  }

  /** What to save, or undefined while nothing has moved. */
  get cursorUpdate(): { id: number; fence: number; before: number; cursor: number } | undefined {
    const { id, fence } = this.#options.taken;
    const { cursor } = this.#window;
    return cursor > this.#savedCursor ? { id, fence, before: this.#savedCursor, cursor } : undefined;
  }

  cursorSaved(cursor: number): void {
    this.#savedCursor = cursor;
  }

  /** Tries the parked events of a key. */
  retry(key: string): void {
    this.#keys.markDue(key);
    this.pump();
  }

  /** Starts all that can be started; cheap when there is nothing. */
  pump(): void {
    if (this.#stopped || this.#binding === undefined || this.#outage.isOn) return;
    this.#readAhead(this.#binding);
    while (this.#lanes < this.#binding.concurrency && this.#keys.hasWork) {
      if (!this.#options.lanes.take(this.#again)) return;
      if (!this.#startOne(this.#binding)) return this.#options.lanes.give();
    }
  }

  /** Takes nothing new and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#halt();
    if (this.#lanes > 0) await this.#idle.promise;
  }

  #readAhead(binding: Binding): void {
    while (this.#window.unsettled < windowSize && !this.#loading) {
      const events = this.#options.tail.readAfter(this.#window.readThrough, readSize);
      if (events === undefined) {
        this.#loading = true;
        void this.#load();
        return;
      }
      if (events.length === 0) return;
      for (const event of events) this.#read(binding, event);
    }
  }

  #read(binding: Binding, stamped: StampedEvent): void {
    const { position, event } = stamped;
    if (position <= this.#window.readThrough) return;
    if (!binding.matches(event.type) || this.#skip.delete(position)) this.#window.readTo(position);
    else this.#keys.add(this.#window.add(stamped, keyOf(event)));
  }

  async #load(): Promise<void> {
    try {
      const { events, through } = await this.#options.readMatching(
        this.#window.readThrough,
        this.#condition,
        readSize,
      );
      const binding = this.#binding;
      if (binding !== undefined && !this.#stopped) {
        for (const event of events) this.#read(binding, event);
        this.#window.readTo(through);
      }
      this.#loading = false;
      this.#outage.reset();
      this.pump();
    } catch (error) {
      this.#loading = false;
      this.#pause(error);
    }
  }

  #startOne(binding: Binding): boolean {
    const toPark = this.#keys.takeToPark();
    if (toPark !== undefined) return this.#start([toPark], () => this.#park(toPark));
    const due = this.#keys.takeDue();
    if (due !== undefined) return this.#start([due], () => this.#retryHead(binding, due));
    const batch = this.#keys.takeBatch(binding.concurrency - this.#lanes, batchSize);
    if (batch === undefined) return false;
    return this.#start(batch.keys, () => this.#handle(binding, batch.entries));
  }

  #start(keys: readonly Key[], work: () => Promise<void>): boolean {
    this.#lanes += 1;
    void work()
      .catch((error: unknown) => this.#pause(error))
      .finally(() => {
        for (const key of keys) this.#keys.free(key);
        this.#lanes -= 1;
        this.#options.lanes.give();
        if (this.#lanes > 0) this.pump();
        else if (this.#stopped) this.#idle.resolve();
        else this.pump();
      });
    return true;
  }

  async #handle(binding: Binding, entries: Entry[]): Promise<void> {
    const outcome = await attemptBatch(binding, this.#options.taken, entries);
    if (outcome.kind === 'done') {
      this.#outage.reset();
      for (const entry of outcome.settled) this.#window.settle(entry);
      this.#keys.putBack(outcome.left);
      this.#count(binding, 'handled', outcome.settled.length);
      return;
    }
    this.#keys.putBack(entries);
    if (outcome.kind !== 'failed') return this.#giveUp(outcome);
    const [first] = entries;
    if (entries.length > 1 || first === undefined) {
      for (const entry of entries) entry.alone = true;
      return;
    }
    const dead = await this.#noteFailure(binding, first.stamped, first.key, 1, outcome).catch((error) => {
      // It may be parked though the answer was lost: handled here, it would be handled once more from there.
      this.#keys.markDue(first.key);
      throw error;
    });
    this.#keys.drop(first);
    this.#window.settle(first);
    if (!dead) this.#keys.block(first.key);
  }

  async #park(key: Key): Promise<void> {
    const entries = key.entries.slice(0, parkSize);
    await this.#options.store.park(
      this.#options.taken,
      entries.map((entry) => ({ position: entry.stamped.position, key: key.name })),
    );
    key.entries.splice(0, entries.length);
    for (const entry of entries) this.#window.settle(entry);
  }

  async #retryHead(binding: Binding, key: Key): Promise<void> {
    const { store, taken, log } = this.#options;
    key.due = false;
    const head = await store.head(taken, key.name);
    if (head === undefined) {
      key.blocked = false;
      return;
    }
    if (!head.due) return;
    if (head.event === undefined) {
      log.error(
        { subscription: binding.name, position: head.position },
        'a parked event is no longer in the history',
      );
      await store.forget(taken, head.position);
    } else {
      const outcome = await attemptParked(binding, taken, head.position, head.event.event);
      if (outcome.kind === 'failed') {
        await this.#noteFailure(binding, head.event, key.name, head.attempts + 1, outcome);
        // Dead or not, the next look at the key says what comes.
      } else if (outcome.kind !== 'done') {
        key.due = true;
        return this.#giveUp(outcome);
      } else this.#count(binding, 'handled', 1);
    }
    this.#outage.reset();
    key.due = true;
  }

  /** Counts a failed attempt; true when the event is dead. */
  async #noteFailure(
    binding: Binding,
    stamped: StampedEvent,
    key: string,
    attempt: number,
    failure: Failure,
  ): Promise<boolean> {
    const { dead, pauseMs } = await noteFailure(this.#options, binding, { stamped, key, attempt, failure });
    this.#count(binding, dead ? 'dead_lettered' : 'failed', 1);
    if (dead) this.#options.onDead(binding, stamped, failure.reason);
    else if (!this.#stopped) this.#retries.later(pauseMs, () => this.retry(key));
    return dead;
  }

  #count(binding: Binding, status: DeliveryStatus, count: number): void {
    this.#options.metrics.delivered(binding.owner.plugin, binding.name, status, count);
  }

  #giveUp(outcome: Outcome & { kind: 'fenced' | 'unavailable' }): void {
    if (outcome.kind === 'unavailable') this.#pause(outcome.error);
    else this.#lose();
  }

  /** The database fails: try again soon, without counting attempts. */
  #pause(error: unknown): void {
    if (isFenced(error)) return this.#lose();
    if (!this.#stopped) this.#outage.begin(error, this.#binding?.name);
  }

  #lose(): void {
    if (this.#stopped) return;
    this.#halt();
    this.#options.onLost();
  }

  #halt(): void {
    this.#stopped = true;
    this.#outage.clear();
    this.#retries.clear();
  }
}

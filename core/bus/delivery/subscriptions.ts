import type { Log } from '@orchestrall/sdk';
import { Outage } from '../../resilience/outage.ts';
import { withoutScope } from '../../telemetry/scope.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import type { BusMetrics } from '../bus-metrics.ts';
import type { StampedEvent } from '../envelope.ts';
import type { EventStore } from '../event-store.ts';
import type { Tail } from '../tail.ts';
import type { Binding } from './binding.ts';
import type { DeliveryStore, HeldSubscription } from './delivery-store.ts';
import { Lanes } from './lanes.ts';
import { SubscriptionRunner } from './runner.ts';

/** What the durable subscriptions of one process stand on. */
export interface SubscriptionsOptions {
  readonly database: ScopedDatabase;
  readonly events: EventStore;
  readonly store: DeliveryStore;
  readonly tail: Tail;
  readonly log: Log;
  readonly metrics: BusMetrics;
  /** This process among the replicas; only one process at a time may have it. */
  readonly replica: string;
  readonly leaseMs: number;
  /** Deliveries at a time in this process. */
  readonly lanes: number;
  readonly onDead: (binding: Binding, event: StampedEvent, reason: string) => void;
}

interface Slot {
  readonly id: number;
  binding: Binding | undefined;
  runner: SubscriptionRunner | undefined;
  /** A runner that ends; the next one waits for it. */
  ending: Promise<void> | undefined;
}

const tickMs = 250;
const takeMs = 1_000;
/** How often all held subscriptions are searched for parked events, known or not. */
const searchMs = 5_000;

/** The durable subscriptions of this process: takes what is free, saves cursors, retries what is due. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #lanes: Lanes;
  readonly #slots = new Map<number, Slot>();
  /** What could not be given back yet: as long as this process renews its lease, no other takes it. */
  #owed: HeldSubscription[] = [];
  /** Those with a handler, higher priorities first: the order in which they begin on new events. */
  #byPriority: readonly Slot[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> | undefined;
  #stopped = false;
  readonly #outage: Outage;
  #search = true;
  #take = true;
  #renewAt = 0;
  #takeAt = 0;
  #searchAt = 0;
  #advance: Disposable | undefined;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options.lanes);
    // Soon enough for the leases of a database that is back.
    const longestPauseMs = Math.max(tickMs, options.leaseMs / 3);
    this.#outage = new Outage({ firstPauseMs: 2 * tickMs, longestPauseMs });
  }

  /** Makes the rows of subscriptions and returns their ids by name. */
  async prepare(bindings: readonly Binding[]): Promise<ReadonlyMap<string, number>> {
    const ids = new Map<string, number>();
    for (const binding of bindings) {
      const [row] = await this.#options.database.query<{ id: number }>(
        `insert into core.subscriptions as s (owner, name, pattern, cursor_position)
         select $1, $2, $3, case when $4 then r.oldest - 1 else r.head end from core.relay r
         on conflict (owner, name) do update set pattern = excluded.pattern, seen_at = now()
         returning s.id`,
        [binding.owner.plugin, binding.name, binding.pattern, binding.from === 'start'],
      );
      if (row !== undefined) ids.set(binding.name, row.id);
    }
    return ids;
  }

  /** Hands a subscription to a generation, at once; what an older one has begun ends there. */
  bind(id: number, binding: Binding): void {
    const slot: Slot = this.#slots.get(id) ?? { id, binding, runner: undefined, ending: undefined };
    this.#slots.set(id, slot);
    slot.binding = binding;
    this.#sort();
    slot.runner?.bind(binding);
    if (slot.runner === undefined) this.#wake('take');
  }

  /** Ends a generation's hold, unless a later one has taken over. */
  unbind(id: number, binding: Binding): void {
    const slot = this.#slots.get(id);
    if (slot?.binding !== binding) return;
    slot.binding = undefined;
    this.#sort();
    slot.runner?.bind(undefined);
    this.#wake('take');
  }

  start(): void {
    this.#advance = this.#options.tail.onAdvance(() => {
      for (const slot of this.#byPriority) slot.runner?.pump();
    });
    this.#schedule(0);
  }

  /** Looks for parked events now, as after a replay. */
  searchParked(): void {
    this.#wake('search');
  }

  /** Finishes what runs, saves the cursors and gives the subscriptions back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#advance?.[Symbol.dispose]();
    await this.#ticking;
    await Promise.all([...this.#slots.values()].map((slot) => this.#end(slot)));
  }

  #sort(): void {
    this.#byPriority = [...this.#slots.values()]
      .filter((slot) => slot.binding !== undefined)
      .toSorted((left, right) => (right.binding?.priority ?? 0) - (left.binding?.priority ?? 0));
  }

  #wake(what: 'take' | 'search'): void {
    if (what === 'take') this.#take = true;
    else this.#search = true;
    // In its own turn of the loop, so that an old generation's end and a new one's begin are seen together.
    // While the database fails, the pause that runs is the shortest.
    if (this.#ticking === undefined && this.#outage.failures === 0) this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = withoutScope(() =>
      setTimeout(() => {
        this.#ticking = this.#tryTick().finally(() => {
          this.#ticking = undefined;
          this.#schedule(Math.max(tickMs, this.#outage.pauseMs));
        });
      }, delayMs),
    );
  }

  async #tryTick(): Promise<void> {
    try {
      await this.#tick();
      this.#outage.passed();
    } catch (error) {
      this.#outage.failed(() =>
        this.#options.log.warn({ error }, 'the subscriptions could not reach the database'),
      );
    }
  }

  async #tick(): Promise<void> {
    const now = performance.now();
    for (const slot of this.#slots.values()) {
      if (slot.binding === undefined && slot.runner !== undefined && slot.ending === undefined)
        void this.#end(slot);
    }
    const wanted = [...this.#slots.values()].filter(
      (slot) => slot.binding !== undefined && slot.runner === undefined && slot.ending === undefined,
    );
    if (this.#slots.size > 0 && now >= this.#renewAt) {
      await this.#options.store.renew(this.#options.replica, this.#options.leaseMs);
      this.#renewAt = now + this.#options.leaseMs / 3;
    }
    if (this.#owed.length > 0) await this.#giveBack([]);
    if (wanted.length > 0 && (this.#take || now >= this.#takeAt)) {
      this.#take = false;
      this.#takeAt = now + takeMs;
      await this.#takeFree(wanted);
    }
    await this.#saveCursors([...this.#slots.values()]);
    await this.#retryDue(now);
  }

  async #takeFree(wanted: readonly Slot[]): Promise<void> {
    const { store, tail, events, log, metrics, onDead, replica } = this.#options;
    const taken = await store.take(
      replica,
      wanted.map((slot) => slot.id),
    );
    if (taken.length === 0) return;
    const { oldest } = await events.bounds();
    for (const one of taken) {
      if (one.cursor < oldest - 1) {
        const missed = { subscription_id: one.id, cursor: one.cursor, oldest };
        log.warn(
          missed,
          'a subscription was off for longer than the history is kept; it goes on at its beginning',
        );
      }
      const slot = this.#slots.get(one.id);
      if (slot === undefined || this.#stopped) continue;
      const runner = new SubscriptionRunner({
        taken: one,
        tail,
        store,
        lanes: this.#lanes,
        readMatching: (after, condition, limit) => events.readMatching(after, tail.head, condition, limit),
        log,
        metrics,
        onLost: () => {
          log.warn({ subscription_id: one.id }, 'another replica has taken a subscription');
          if (slot.runner === runner) slot.runner = undefined;
        },
        onDead,
      });
      slot.runner = runner;
      runner.bind(slot.binding);
      if (one.blockedKeys.size > 0) this.#search = true;
    }
  }

  async #saveCursors(slots: readonly Slot[]): Promise<void> {
    const moved = slots.flatMap((slot) => {
      const update = slot.runner?.cursorUpdate;
      return slot.runner === undefined || update === undefined ? [] : [{ runner: slot.runner, update }];
    });
    if (moved.length === 0) return;
    // Rows are always locked in the same order.
    moved.sort((left, right) => left.update.id - right.update.id);
    const saved = await this.#options.store.saveCursors(moved.map((one) => one.update));
    for (const { runner, update } of moved) if (saved.has(update.id)) runner.cursorSaved(update.cursor);
  }

  async #retryDue(now: number): Promise<void> {
    const running = [...this.#slots.values()].flatMap((slot) =>
      slot.runner === undefined ? [] : [{ id: slot.id, runner: slot.runner }],
    );
    const all = this.#search || now >= this.#searchAt;
    const looked = all ? running : running.filter((one) => one.runner.blockedKeys > 0);
    if (all) {
      this.#search = false;
      this.#searchAt = now + searchMs;
    }
    if (looked.length === 0) return;
    const due = await this.#options.store.dueKeys(looked.map((one) => one.id));
    for (const one of due) this.#slots.get(one.id)?.runner?.retry(one.key);
  }

  /** Lets the runner finish and gives the subscription back. */
  #end(slot: Slot): Promise<void> {
    slot.ending ??= this.#finish(slot).finally(() => {
      slot.ending = undefined;
      if (slot.binding !== undefined) this.#wake('take');
      else this.#slots.delete(slot.id);
    });
    return slot.ending;
  }

  async #finish(slot: Slot): Promise<void> {
    const { runner } = slot;
    if (runner === undefined) return;
    await runner.stop();
    try {
      await this.#saveCursors([slot]);
      await this.#giveBack([runner.held]);
    } catch (error) {
      // It is tried again, and the lease of a process that stops runs out; what the inbox holds is not handled again.
      if (!this.#owed.includes(runner.held)) this.#owed.push(runner.held);
      this.#options.log.warn({ error, subscription_id: slot.id }, 'a subscription could not be given back');
    }
    if (slot.runner === runner) slot.runner = undefined;
  }

  /** A subscription that was taken anew since has another fence, and stays. */
  async #giveBack(held: readonly HeldSubscription[]): Promise<void> {
    const all = [...this.#owed, ...held];
    this.#owed = all;
    await this.#options.store.release(all);
    this.#owed = this.#owed.filter((one) => !all.includes(one));
  }
}

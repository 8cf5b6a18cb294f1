import type { Clock } from '@orchestrall/sdk';
import type { DrainReport } from './generation/generation.ts';
import { needsGeneration, providersOf, waitsForFailed } from './dependencies.ts';
import { Drains } from './drains.ts';
import { Settlements, type Settlement } from './settlements.ts';
import { failureReason, type Refusal, type RunningGeneration, type Slot } from './slot.ts';

/** What happened to a plugin, told to logs, metrics and the bus. */
export interface HostEvents {
  activated(slot: Slot, previous: RunningGeneration | undefined): void;
  deactivated(slot: Slot, generation: RunningGeneration): void;
  failed(slot: Slot, error: unknown): void;
  drained(report: DrainReport): void;
}

/** How the reconciler plans, builds and tells; it knows nothing else of the host. */
export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly events: HostEvents;
  /** Which of the desired plugins can run, in the order of their needs. */
  readonly plan: (slots: Iterable<Slot>) => {
    order: readonly string[];
    refused: ReadonlyMap<string, Refusal>;
  };
  /** Builds a generation up to the point where it can be activated. */
  readonly build: (slot: Slot) => Promise<RunningGeneration>;
  /** Remembers that the plugin's current version serves. */
  readonly remember: (slot: Slot) => void;
  /** Puts the prefixes of all plugins in place, in one synchronous step. */
  readonly publish: (slots: Iterable<Slot>) => void;
  /** Longest time that requests and streams of an old generation may go on, milliseconds. */
  readonly drainDeadlineMs: number;
  /** First pause before a failed plugin is tried again, milliseconds; doubled each time up to five minutes. */
  readonly retryMs: number;
}

/**
 * Brings what runs in line with what is desired. Level-triggered: each change, and each step that ends, runs one
 * synchronous pass that closes what must be off, consumers first, and begins what may be built. The latest
 * desire wins, because a finished build is switched in only if it is still what is wanted.
 */
export class Reconciler {
  readonly slots = new Map<string, Slot>();
  readonly #options: ReconcilerOptions;
  readonly #settlements = new Settlements();
  /** How to tell a switch whose health is being checked that its generation has failed. */
  readonly #proving = new Map<Slot, (error: unknown) => void>();
  readonly #drains: Drains;
  #runnable = new Set<string>();
  #retryTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#drains = new Drains({
      slots: this.slots,
      deadlineMs: options.drainDeadlineMs,
      onEnd: (report) => options.events.drained(report),
    });
  }

  /** One synchronous step from whatever is to what should be. */
  pass(): void {
    const { order, refused } = this.#options.plan(this.slots.values());
    this.#runnable = new Set(order);
    for (const slot of this.slots.values()) {
      slot.refusal = refused.get(slot.name);
      if (!this.#isWanted(slot)) this.#switchOff(slot);
    }
    for (const name of order) {
      const slot = this.slots.get(name);
      if (slot === undefined) continue;
      slot.refusal = waitsForFailed(this.#providersOf(slot));
      if (this.#isDue(slot)) slot.change = this.#change(slot);
    }
    this.#show();
    this.#scheduleRetry();
  }

  /**
   * Resolves at the moment the plugin is what is desired, or has failed to become it; sooner when it shall no longer be
   * on, or off, as `wish` says: then that has been superseded.
   */
  async settled(slot: Slot, wish = slot.desired.enabled): Promise<Settlement> {
    const settlement = this.#settlements.of(slot, wish);
    this.#answerWaiters();
    return settlement;
  }

  /**
   * The active generation has failed: the one before it comes back where that still stands by, else the gate closes;
   * the plugin is tried again after a pause.
   */
  fault(slot: Slot, error: unknown): void {
    const disprove = this.#proving.get(slot);
    if (disprove !== undefined) {
      disprove(error);
      return;
    }
    this.#fail(slot, slot.currentTarget ?? slot.target, error);
    this.#switchOff(slot);
    this.pass();
  }

  /** Runs work as the one change of a plugin that is under way; what is wished meanwhile comes about afterwards. */
  async exclusively(slot: Slot, work: () => Promise<void>): Promise<void> {
    slot.isBusy = true;
    const working = work();
    // Who waits for the end of the change needs no outcome; the caller hears of a failure.
    slot.change = working.catch(() => undefined);
    try {
      await working;
    } finally {
      slot.isBusy = false;
      this.pass();
    }
  }

  /** Switches everything off, consumers first, and waits until all of it has drained. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retryTimer);
    this.pass();
    for (const slot of this.slots.values()) {
      await slot.change;
      await Promise.all(slot.draining.values());
    }
  }

  #isWanted(slot: Slot): boolean {
    return !this.#stopping && slot.desired.enabled && this.#runnable.has(slot.name);
  }

  #isSettled(slot: Slot): boolean {
    if (!this.#isWanted(slot)) return slot.current === undefined;
    if (slot.isBusy) return false;
    return slot.currentTarget === slot.target || slot.hasFailed || slot.refusal !== undefined;
  }

  #isDue(slot: Slot): boolean {
    if (slot.isBusy || !this.#isWanted(slot) || slot.currentTarget === slot.target) return false;
    const retryAtMs = slot.hasFailed ? (slot.failure?.retryAtMs ?? 0) : 0;
    return retryAtMs <= this.#options.clock.monotonicMs() && this.#providersServe(slot);
  }

  #providersServe(slot: Slot): boolean {
    return this.#providersOf(slot).every(({ current }) => current !== undefined);
  }

  #providersOf(slot: Slot): Slot[] {
    return providersOf(
      slot,
      [...this.slots.values()].filter(({ name }) => this.#runnable.has(name)),
    );
  }

  async #change(slot: Slot): Promise<void> {
    const { target } = slot;
    slot.isBusy = true;
    try {
      const generation = await this.#options.build(slot);
      if (this.#isWanted(slot) && slot.target === target && this.#providersServe(slot)) {
        await this.#switchTo(slot, target, generation);
      } else {
        this.#drains.begin(slot, generation);
      }
    } catch (error) {
      this.#fail(slot, target, error);
    } finally {
      slot.isBusy = false;
      this.pass();
    }
  }

  /**
   * Makes a generation live in one synchronous step, and the one before it again when it proves faulty. Switched off
   * meanwhile, it proves nothing. Of the two the one that does not serve in the end is drained.
   */
  async #switchTo(slot: Slot, target: string, generation: RunningGeneration): Promise<void> {
    const { current: previous, currentTarget: previousTarget } = slot;
    try {
      this.#makeLive(slot, generation, target);
      await this.#prove(slot, generation);
      if (slot.current === generation) {
        slot.failure = undefined;
        this.#options.events.activated(slot, previous);
        this.#options.remember(slot);
      }
    } catch (error) {
      if (!this.#drains.hasBegun(generation)) this.#fail(slot, target, error);
      if (slot.current === generation) {
        if (previous === undefined) this.#switchOff(slot);
        else this.#makeLive(slot, previous, previousTarget);
      }
    } finally {
      for (const each of [previous, generation]) {
        if (each !== undefined && each !== slot.current) this.#drains.begin(slot, each);
      }
    }
  }

  /** Throws why the generation, live since this turn, is not fit to stay so. */
  async #prove(slot: Slot, generation: RunningGeneration): Promise<void> {
    const fault = Promise.withResolvers<never>();
    this.#proving.set(slot, fault.reject);
    try {
      const health = await Promise.race([generation.check(), fault.promise]);
      if (health.status !== 'unhealthy') return;
      throw new Error(`unhealthy after the switch: ${health.reason ?? 'no reason given'}`);
    } finally {
      this.#proving.delete(slot);
    }
  }

  #makeLive(slot: Slot, generation: RunningGeneration, target: string | undefined): void {
    const before = slot.current;
    try {
      generation.activate();
    } catch (error) {
      generation.deactivate();
      // Part of what it had may have been taken over.
      before?.deactivate();
      before?.activate();
      throw error;
    }
    before?.deactivate();
    slot.current = generation;
    slot.currentTarget = target;
    slot.activatedAtMs = this.#options.clock.monotonicMs();
    this.#show();
  }

  /** Closes the gates of a plugin and of those that cannot be without it; draining goes on beside. */
  #switchOff(slot: Slot): void {
    const { current } = slot;
    if (current === undefined) return;
    for (const other of this.slots.values()) {
      if (other.current !== undefined && needsGeneration(other.current, current)) this.#switchOff(other);
    }
    slot.current = undefined;
    slot.currentTarget = undefined;
    current.deactivate();
    this.#options.events.deactivated(slot, current);
    this.#drains.begin(slot, current);
  }

  #fail(slot: Slot, target: string, error: unknown): void {
    const now = this.#options.clock.monotonicMs();
    const ranMs = slot.currentTarget === target ? now - slot.activatedAtMs : undefined;
    const pauseMs = slot.backoff.pauseMs(target, this.#options.retryMs, ranMs);
    slot.failure = {
      target,
      version: slot.targetVersion ?? '',
      reason: failureReason(error),
      retryAtMs: now + pauseMs,
    };
    this.#options.events.failed(slot, error);
  }

  /** Brings states, the gateway's table and those who wait up to date. */
  #show(): void {
    const now = this.#options.clock.now();
    for (const slot of this.slots.values()) slot.enter(this.#stateOf(slot), now);
    this.#options.publish(this.slots.values());
    this.#answerWaiters();
  }

  #answerWaiters(): void {
    this.#settlements.answer((slot) => this.#isSettled(slot));
  }

  #stateOf(slot: Slot): Slot['state'] {
    if (slot.current !== undefined) return 'active';
    if (this.#stopping || !slot.desired.enabled) return 'off';
    if (slot.hasFailed || slot.refusal?.isFault === true) return 'failed';
    return this.#isWanted(slot) ? 'preparing' : 'off';
  }

  #scheduleRetry(): void {
    clearTimeout(this.#retryTimer);
    const due = [...this.slots.values()]
      .filter((slot) => this.#isWanted(slot) && !slot.isBusy && slot.hasFailed && this.#providersServe(slot))
      .map((slot) => slot.failure?.retryAtMs ?? 0);
    if (due.length === 0) return;
    const waitMs = Math.max(0, Math.min(...due) - this.#options.clock.monotonicMs());
    this.#retryTimer = setTimeout(() => this.pass(), Math.ceil(waitMs) + 1);
  }
}

import type { Clock } from '@orchestrall/sdk';
import type { DrainReport } from './generation/generation.ts';
import { failureReason, type Refusal, type RunningGeneration, type Slot } from './slot.ts';

/** What happened to a plugin, told to logs, metrics and the bus. */
export interface HostEvents {
  activated(slot: Slot, previous: RunningGeneration | undefined): void;
  deactivated(slot: Slot, generation: RunningGeneration): void;
  failed(slot: Slot, error: unknown): void;
  drained(report: DrainReport): void;
}

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
  /** Remembers that a version serves now, and which did before. */
  readonly remember: (slot: Slot, previous: RunningGeneration | undefined) => void;
  /** Puts the prefixes of all plugins in place, in one synchronous step. */
  readonly publish: (slots: Iterable<Slot>) => void;
  /** Longest time that requests and streams of an old generation may go on, milliseconds. */
  readonly drainDeadlineMs: number;
  /** First pause before a failed plugin is tried again, milliseconds; doubled each time up to five minutes. */
  readonly retryMs: number;
}

const longestRetryMs = 300_000;
/** A plugin that ran this long without a fault begins its back-off anew. */
const forgiveAfterMs = 60_000;

/**
 * Brings what runs in line with what is desired. Level-triggered: each change, and each step that ends, runs one
 * synchronous pass that closes what must be off, consumers first, and begins what may be built. The latest
 * desire wins, because a finished build is switched in only if it is still what is wanted.
 */
export class Reconciler {
  readonly slots = new Map<string, Slot>();
  readonly #options: ReconcilerOptions;
  readonly #waiters = new Set<{ readonly slot: Slot; readonly resolve: () => void }>();
  #runnable = new Set<string>();
  #retryTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
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
      if (slot !== undefined && this.#isDue(slot)) void this.#change(slot);
    }
    this.#show();
    this.#scheduleRetry();
  }

  /** Resolves once the plugin is what is desired, or has failed to become it. */
  async settled(slot: Slot): Promise<void> {
    if (this.#isSettled(slot)) return;
    await new Promise<void>((resolve) => this.#waiters.add({ slot, resolve }));
  }

  /** The active generation has failed: its gate closes and the plugin is tried again after a pause. */
  fault(slot: Slot, error: unknown): void {
    this.#fail(slot, slot.currentTarget ?? slot.target, error);
    this.#switchOff(slot);
    this.pass();
  }

  /** Switches everything off, consumers first, and waits until all of it has drained. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retryTimer);
    this.pass();
    for (const slot of this.slots.values()) {
      await this.settled(slot);
      await Promise.all(slot.draining.values());
    }
  }

  #isWanted(slot: Slot): boolean {
    return !this.#stopping && slot.desired.enabled && this.#runnable.has(slot.name);
  }

  #isSettled(slot: Slot): boolean {
    if (slot.busy) return false;
    if (!this.#isWanted(slot)) return slot.current === undefined;
    return slot.currentTarget === slot.target || slot.failure?.target === slot.target;
  }

  #isDue(slot: Slot): boolean {
    if (slot.busy || !this.#isWanted(slot) || slot.currentTarget === slot.target) return false;
    const { failure } = slot;
    if (failure?.target === slot.target && failure.retryAtMs > this.#options.clock.monotonicMs())
      return false;
    return providersOf(slot, this.slots.values()).every((provider) => provider.current !== undefined);
  }

  async #change(slot: Slot): Promise<void> {
    const { target } = slot;
    slot.busy = true;
    try {
      const generation = await this.#options.build(slot);
      const providersServe = providersOf(slot, this.slots.values()).every(
        ({ current }) => current !== undefined,
      );
      if (this.#isWanted(slot) && slot.target === target && providersServe) {
        await this.#switchTo(slot, target, generation);
      } else {
        this.#drain(slot, generation);
      }
    } catch (error) {
      this.#fail(slot, target, error);
    } finally {
      slot.busy = false;
      this.pass();
    }
  }

  /** Makes a generation live in one synchronous step, and the one before it again when it proves unhealthy. */
  async #switchTo(slot: Slot, target: string, generation: RunningGeneration): Promise<void> {
    const { current: previous, currentTarget: previousTarget } = slot;
    this.#makeLive(slot, generation, target);
    const health = await generation.check();
    if (health.status !== 'unhealthy') {
      slot.failure = undefined;
      if (previous !== undefined) this.#drain(slot, previous);
      if (slot.current === generation) this.#options.events.activated(slot, previous);
      this.#options.remember(slot, previous);
      return;
    }
    this.#fail(slot, target, new Error(`unhealthy after the switch: ${health.reason ?? 'no reason given'}`));
    if (slot.current === generation) {
      if (previous === undefined) this.#switchOff(slot);
      else this.#makeLive(slot, previous, previousTarget);
    } else if (previous !== undefined) {
      this.#drain(slot, previous);
    }
    this.#drain(slot, generation);
  }

  #makeLive(slot: Slot, generation: RunningGeneration, target: string | undefined): void {
    const before = slot.current;
    generation.activate();
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
      if (other.current !== undefined && needs(other.current, current)) this.#switchOff(other);
    }
    slot.current = undefined;
    slot.currentTarget = undefined;
    current.deactivate();
    this.#options.events.deactivated(slot, current);
    this.#drain(slot, current);
  }

  /** A provider ends after the consumers that are draining too and may still call it. */
  #drain(slot: Slot, generation: RunningGeneration): void {
    if (slot.draining.has(generation)) return;
    const consumers = [...this.slots.values()]
      .flatMap(({ draining }) => [...draining])
      .filter(([consumer]) => needs(consumer, generation));
    const ended = (async (): Promise<void> => {
      await Promise.all(consumers.map(async ([, consumerEnded]) => consumerEnded));
      const report = await generation.drain(this.#options.drainDeadlineMs);
      slot.draining.delete(generation);
      this.#options.events.drained(report);
    })();
    slot.draining.set(generation, ended);
  }

  #fail(slot: Slot, target: string, error: unknown): void {
    const now = this.#options.clock.monotonicMs();
    const ranLong = slot.current !== undefined && now - slot.activatedAtMs > forgiveAfterMs;
    slot.attempts = ranLong ? 1 : slot.attempts + 1;
    const pauseMs = Math.min(this.#options.retryMs * 2 ** (slot.attempts - 1), longestRetryMs);
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
    for (const waiter of this.#waiters) {
      if (!this.#isSettled(waiter.slot)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  #stateOf(slot: Slot): Slot['state'] {
    if (slot.current !== undefined) return 'active';
    if (this.#stopping || !slot.desired.enabled) return 'off';
    if (slot.failure?.target === slot.target || slot.refusal?.isFault === true) return 'failed';
    return this.#isWanted(slot) ? 'preparing' : 'off';
  }

  #scheduleRetry(): void {
    clearTimeout(this.#retryTimer);
    const due = [...this.slots.values()]
      .filter((slot) => this.#isWanted(slot) && !slot.busy && slot.failure?.target === slot.target)
      .map((slot) => slot.failure?.retryAtMs ?? 0);
    if (due.length === 0) return;
    const waitMs = Math.max(0, Math.min(...due) - this.#options.clock.monotonicMs());
    this.#retryTimer = setTimeout(() => this.pass(), Math.ceil(waitMs) + 1);
  }
}

/** Whether one generation cannot be without another. */
function needs(consumer: RunningGeneration, provider: RunningGeneration): boolean {
  const contract = provider.definition.provides?.name;
  if (contract === undefined || consumer.plugin === provider.plugin) return false;
  const declared = Object.values(consumer.definition.needs ?? {});
  return declared.some((need) => need.required && need.contract.name === contract);
}

/** The plugins that must serve before this one can be built. */
function providersOf(slot: Slot, slots: Iterable<Slot>): Slot[] {
  const contracts = new Set(
    slot.targetPackage?.manifest.needs.filter((need) => need.required).map((need) => need.contract),
  );
  return [...slots].filter((other) => contracts.has(other.targetPackage?.manifest.provides?.name ?? ''));
}

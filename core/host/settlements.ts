import type { Slot } from './slot.ts';
import { viewOf, type PluginView } from './view.ts';

/** What became of a wish, with the plugin as it was at that moment. */
export interface Settlement {
  /** Another wish took its place before it was in effect. */
  readonly isSuperseded: boolean;
  readonly plugin: PluginView;
}

interface Waiter {
  readonly slot: Slot;
  /** Whether the plugin shall be on. */
  readonly wish: boolean;
  readonly resolve: (settlement: Settlement) => void;
}

/** Those who wait for what becomes of their wishes. */
export class Settlements {
  readonly #waiters = new Set<Waiter>();

  /** Resolves at the first `answer` by which the plugin is settled, or its wish another one. */
  async of(slot: Slot, wish: boolean): Promise<Settlement> {
    const { promise, resolve } = Promise.withResolvers<Settlement>();
    this.#waiters.add({ slot, wish, resolve });
    return promise;
  }

  /** Answers those whose plugin is what is desired now, or has failed to become it, and those who were superseded. */
  answer(isSettled: (slot: Slot) => boolean): void {
    for (const waiter of this.#waiters) {
      const { slot, wish, resolve } = waiter;
      const isSuperseded = slot.desired.enabled !== wish;
      if (!isSuperseded && !isSettled(slot)) continue;
      this.#waiters.delete(waiter);
      resolve({ isSuperseded, plugin: viewOf(slot) });
    }
  }
}

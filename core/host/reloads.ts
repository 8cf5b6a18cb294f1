import type { Log } from '@orchestrall/sdk';
import { coreError } from '../errors.ts';
import type { HostStore } from './desired.ts';
import type { Reconciler } from './reconciler.ts';
import { remember } from './remember.ts';
import type { RunningGeneration, Slot } from './slot.ts';

/** Where wishes of plugins for a new generation of themselves are stored, and who brings them about. */
export interface ReloadsOptions {
  readonly store: HostStore;
  readonly reconciler: Pick<Reconciler, 'pass' | 'settled'>;
  readonly log: Pick<Log, 'info'>;
}

/**
 * New generations that plugins ask for themselves. Each wish raises a stored number that is part of what is desired, so
 * that every replica follows as it follows an edit of the configuration, and a restart has nothing left to do.
 */
export class Reloads {
  readonly #options: ReloadsOptions;
  /** Wishes that are not stored yet: whoever asks meanwhile asks for the same. */
  readonly #storing = new Map<Slot, Promise<void>>();
  /** Of each generation, the number that was stored before its build began. */
  readonly #built = new WeakMap<RunningGeneration, number>();

  constructor(options: ReloadsOptions) {
    this.#options = options;
  }

  /** Builds a generation and keeps in mind which wishes it fulfils. */
  async build(slot: Slot, build: () => Promise<RunningGeneration>): Promise<RunningGeneration> {
    const { reloads } = slot.record;
    const generation = await build();
    this.#built.set(generation, reloads);
    return generation;
  }

  /**
   * Resolves once a generation serves here whose build began after this call. Rejects with `PLUGIN_RELOAD_FAILED` when
   * it did not become ready, with `PLUGIN_RELOAD_REFUSED` when the plugin does not serve, or no longer does, and with
   * the error of the store when the wish could not be stored: then nothing follows of it.
   */
  async ask(slot: Slot, reason: string): Promise<void> {
    requireServing(slot);
    this.#options.log.info({ plugin: slot.name, reason }, `${slot.name} asks for a new generation of itself`);
    const storing = this.#storing.get(slot) ?? this.#store(slot);
    this.#storing.set(slot, storing);
    await storing;
    const wished = slot.record.reloads;
    const { plugin } = await this.#options.reconciler.settled(slot, true);
    const { current } = slot;
    if (current !== undefined && (this.#built.get(current) ?? 0) >= wished) return;
    if (plugin.reason === null) throw refused(slot, 'it has been switched off meanwhile');
    throw coreError('PLUGIN_RELOAD_FAILED', { plugin: slot.name, reason: plugin.reason });
  }

  async #store(slot: Slot): Promise<void> {
    try {
      // What is being built may have read already what the plugin has changed: it ends first, and another one follows.
      while (slot.isBusy) await slot.change;
      requireServing(slot);
      await remember(this.#options.store, slot, ({ reloads }) => ({ reloads: reloads + 1 }));
    } finally {
      this.#storing.delete(slot);
    }
    slot.forgive();
    this.#options.reconciler.pass();
  }
}

function requireServing(slot: Slot): void {
  if (slot.state === 'active') return;
  throw refused(slot, slot.state === 'off' ? 'it is switched off' : `it is ${slot.state}`);
}

function refused({ name }: Slot, reason: string): Error {
  return coreError('PLUGIN_RELOAD_REFUSED', { plugin: name, reason });
}

import { needsGeneration } from './dependencies.ts';
import type { DrainReport } from './generation/generation.ts';
import type { RunningGeneration, Slot } from './slot.ts';

/** Whose generations end, within which time, and who is told. */
export interface DrainsOptions {
  readonly slots: ReadonlyMap<string, Slot>;
  /** Longest time that requests and streams of an old generation may go on, milliseconds. */
  readonly deadlineMs: number;
  readonly onEnd: (report: DrainReport) => void;
}

/** Ends generations beside what serves: each once, and a provider after the consumers that may still call it. */
export class Drains {
  readonly #options: DrainsOptions;
  readonly #begun = new WeakSet<RunningGeneration>();

  constructor(options: DrainsOptions) {
    this.#options = options;
  }

  /** Whether the generation is ending or has ended. */
  hasBegun(generation: RunningGeneration): boolean {
    return this.#begun.has(generation);
  }

  begin(slot: Slot, generation: RunningGeneration): void {
    if (this.#begun.has(generation)) return;
    this.#begun.add(generation);
    const consumers = [...this.#options.slots.values()]
      .flatMap(({ draining }) => [...draining])
      .filter(([consumer]) => needsGeneration(consumer, generation));
    const ended = (async (): Promise<void> => {
      await Promise.all(consumers.map(async ([, consumerEnded]) => consumerEnded));
      const report = await generation
        .drain(this.#options.deadlineMs)
        .catch((error: unknown) => brokenEnd(generation, error));
      slot.draining.delete(generation);
      this.#options.onEnd(report);
    })();
    slot.draining.set(generation, ended);
  }
}

/** The report of a generation whose end itself threw: a defect of the host, and no reason to wait for it for ever. */
function brokenEnd({ plugin, version, generation }: RunningGeneration, error: unknown): DrainReport {
  const faults = [{ effect: 'its end', error }];
  return { plugin, version, generation, durationMs: 0, cut: 0, outlived: {}, faults, leaks: [] };
}

import type { Gate } from './gate.ts';

/** What came of the requests of one kind. */
export class Tally {
  /** Answers as they should be. */
  expected = 0;
  /** `PLUGIN_DISABLED` while the plugin was off. */
  disabled = 0;
  /** Streams that ended and were opened again. */
  resumed = 0;
  /** Messages of resumed streams that were missed, or came twice, in words. */
  readonly misplaced: string[] = [];
  /** Everything else: statuses, codes and broken connections, in words. */
  readonly unexpected: string[] = [];
  readonly #gate: Gate;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Begins a request and gives the functions of which exactly one ends it. */
  begin(kind: string): {
    answered(status: number, body: string): void;
    broke(error: unknown): void;
  } {
    const wasClosed = this.#gate.enter();
    const startedAt = performance.now();
    const after = (): string => `${kind} after ${Math.round(performance.now() - startedAt)} ms`;
    return {
      answered: (status, body) => {
        if (status >= 200 && status < 300) this.expected += 1;
        else if (status === 404 && body.includes('"PLUGIN_DISABLED"') && wasClosed()) this.disabled += 1;
        else this.unexpected.push(`${after()}: ${status} ${body.slice(0, 200)}`);
      },
      broke: (error) => void this.unexpected.push(`${after()}: ${String(error)}`),
    };
  }
}

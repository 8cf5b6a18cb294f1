import { withTimeLimit } from '../../time-limit.ts';

/** An effect that could not be undone, for the generation's report. */
export interface EffectFault {
  readonly effect: string;
  readonly error: unknown;
}

type Dispose = () => void | PromiseLike<void>;

/** What one generation has done to the process, undone last-in first-out. */
export class Effects {
  readonly #entries: { readonly name: string; readonly dispose: Dispose }[] = [];
  #undone = false;

  get size(): number {
    return this.#entries.length;
  }

  /** Remembers how to undo an effect; `name` appears in the report when that fails. Throws once undone. */
  defer(name: string, dispose: Dispose): void {
    if (this.#undone) throw new Error(`the generation has ended; ${name} would never be undone`);
    this.#entries.push({ name, dispose });
  }

  /**
   * Undoes everything, newest first. One that throws or takes longer than `limitMs` is reported and does not
   * stop the others.
   */
  async undo(limitMs: number): Promise<EffectFault[]> {
    this.#undone = true;
    const faults: EffectFault[] = [];
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      try {
        await withTimeLimit(limitMs, `not undone within ${limitMs} ms`, async () => entry.dispose());
      } catch (error) {
        faults.push({ effect: entry.name, error });
      }
    }
    return faults;
  }
}

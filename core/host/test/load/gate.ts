/** Tells whether a request may meet a plugin that is switched off: only one that overlaps such a time. */
export class Gate {
  #closed = 0;
  #changes = 0;

  /** From here on `PLUGIN_DISABLED` is an answer that is expected. */
  close(): void {
    this.#closed += 1;
    this.#changes += 1;
  }

  /** From here on it is not, for requests that begin now. */
  open(): void {
    this.#closed -= 1;
    this.#changes += 1;
  }

  /** Begins a request; the result tells at its end whether it overlapped a closed time. */
  enter(): () => boolean {
    const [closed, changes] = [this.#closed, this.#changes];
    return () => closed > 0 || this.#changes !== changes;
  }
}

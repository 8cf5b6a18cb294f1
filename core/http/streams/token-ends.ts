/** The access token that a stream was opened with. */
export interface StreamToken {
  readonly token: string;
  /** From when on it is accepted no longer, on the clock of `performance.now()`. */
  readonly endsAtMs: number;
}

interface Held {
  readonly token: string;
  readonly timer: NodeJS.Timeout | undefined;
  end(): void;
}

/** Longest delay of a timer; a token that lives longer is found by `check`. */
const longestDelayMs = 2 ** 31 - 1;

/** Ends each stream with its token: at its expiry by itself, after a revocation with the next `check`. */
export class TokenEnds {
  readonly #isAccepted: (token: string) => Promise<boolean>;
  readonly #held = new Map<object, Held>();
  #checking = false;

  /** `isAccepted` never rejects; what cannot be told at the moment counts as accepted. */
  constructor(isAccepted: (token: string) => Promise<boolean>) {
    this.#isAccepted = isAccepted;
  }

  /** Calls `end` once when the token of a stream is accepted no longer; `release` the stream when it has ended. */
  hold(stream: object, { token, endsAtMs }: StreamToken, end: () => void): void {
    const leftMs = Math.max(0, endsAtMs - performance.now());
    const timer = leftMs > longestDelayMs ? undefined : setTimeout(() => this.#end(stream), leftMs).unref();
    this.#held.set(stream, { token, timer, end });
  }

  /** Forgets a stream. */
  release(stream: object): void {
    clearTimeout(this.#held.get(stream)?.timer);
    this.#held.delete(stream);
  }

  /** Asks for each token whether it is accepted still; not while an earlier question is open. */
  async check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    const tokens = new Set(Array.from(this.#held.values(), ({ token }) => token));
    await Promise.all(
      Array.from(tokens, async (token) => {
        if (await this.#isAccepted(token)) return;
        for (const [stream, held] of this.#held) if (held.token === token) this.#end(stream);
      }),
    );
    this.#checking = false;
  }

  #end(stream: object): void {
    const held = this.#held.get(stream);
    this.release(stream);
    held?.end();
  }
}

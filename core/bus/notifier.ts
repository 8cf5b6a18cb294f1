import type { Log } from '@orchestrall/sdk';
import { withoutScope } from '../telemetry/scope.ts';
import { randomUUID } from 'node:crypto';

/** How a notifier reaches the other replicas, and how often. */
export interface NotifierOptions {
  readonly send: (payload: string) => Promise<void>;
  readonly log: Log;
  /** Shortest pause between two notifications; default 20 ms. */
  readonly pauseMs?: number;
}

/** What another replica said. */
export type Heard =
  | { readonly kind: 'stamped'; readonly head: number }
  | { readonly kind: 'parked' }
  | { readonly kind: 'erased' }
  | { readonly kind: 'nothing' };

/**
 * Tells the other replicas through PostgreSQL that there is something new. NOTIFY takes a lock of the whole
 * server at commit, so what happens within the pause is said once.
 */
export class Notifier implements AsyncDisposable {
  readonly #options: Required<NotifierOptions>;
  /** By which this process knows its own words again. */
  readonly #speaker = randomUUID();
  #head = 0;
  #said = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #stopped = false;

  constructor(options: NotifierOptions) {
    this.#options = { pauseMs: 20, ...options };
  }

  /** Positions up to `head` were given by this replica. */
  stamped(head: number): void {
    this.#head = Math.max(this.#head, head);
    this.#later();
  }

  /** Parked events have been added. */
  async parked(): Promise<void> {
    await this.#options.send(`parked ${this.#speaker}`);
  }

  /** Reads a payload; what this replica said itself, or nobody should say, is nothing. */
  read(payload: string): Heard {
    const [word, speaker, head] = payload.split(' ');
    // Said by the database itself, to all replicas.
    if (payload === 'erased') return { kind: 'erased' };
    if (speaker === this.#speaker) return { kind: 'nothing' };
    if (word === 'parked') return { kind: 'parked' };
    if (word === 'stamped' && head !== undefined && /^\d{1,15}$/.test(head)) {
      return { kind: 'stamped', head: Number(head) };
    }
    return { kind: 'nothing' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sending;
  }

  #later(): void {
    if (this.#timer !== undefined || this.#sending !== undefined || this.#stopped) return;
    this.#timer = withoutScope(() =>
      setTimeout(() => {
        this.#timer = undefined;
        this.#sending = this.#say().finally(() => {
          this.#sending = undefined;
          if (this.#head > this.#said) this.#later();
        });
      }, this.#options.pauseMs),
    );
  }

  async #say(): Promise<void> {
    const head = this.#head;
    try {
      await this.#options.send(`stamped ${this.#speaker} ${head}`);
    } catch (error) {
      // The others look by themselves once a second.
      this.#options.log.debug({ error }, 'a notification of new events was lost');
    }
    this.#said = head;
  }
}

import type { Timers } from '@orchestrall/sdk';
import type { Owner } from '../../telemetry/owner.ts';

/** Whose timers they are, and who hears of their errors. */
export interface OwnedTimersOptions {
  readonly owner: Owner;
  /** Receives what a callback throws; the timer goes on. */
  readonly onError: (error: unknown) => void;
}

/** Timers of one generation: silent until `activate`, gone after disposal, every callback counted and caught. */
export class OwnedTimers implements Timers, AsyncDisposable {
  readonly #owner: Owner;
  readonly #onError: (error: unknown) => void;
  readonly #timers = new Set<OwnedTimer>();
  #active = false;

  constructor(options: OwnedTimersOptions) {
    this.#owner = options.owner;
    this.#onError = options.onError;
  }

  every(intervalMs: number, work: () => void | Promise<void>): Disposable {
    return this.#add(intervalMs, work, true);
  }

  after(delayMs: number, work: () => void | Promise<void>): Disposable {
    return this.#add(delayMs, work, false);
  }

  activate(): void {
    this.#active = true;
    for (const timer of this.#timers) timer.start();
  }

  /** Pauses: callbacks that run go on, none begins. */
  deactivate(): void {
    this.#active = false;
    for (const timer of this.#timers) timer.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.deactivate();
    this.#timers.clear();
  }

  #add(delayMs: number, work: () => void | Promise<void>, repeat: boolean): Disposable {
    if (!Number.isFinite(delayMs) || delayMs < 0) {
      throw new RangeError(`a timer's delay must be 0 or more milliseconds, got ${delayMs}`);
    }
    const run = async (): Promise<void> => {
      try {
        await this.#owner.run('timer', async () => work());
      } catch (error) {
        this.#onError(error);
      }
    };
    const timer = new OwnedTimer(delayMs, repeat, run, () => this.#timers.delete(timer));
    this.#timers.add(timer);
    if (this.#active) timer.start();
    return timer;
  }
}

/** Longest delay that Node keeps to; it fires at once for a longer one. */
const longestStepMs = 2 ** 31 - 1;

class OwnedTimer implements Disposable {
  readonly #delayMs: number;
  readonly #repeat: boolean;
  readonly #run: () => Promise<void>;
  readonly #forget: () => void;
  #handle: NodeJS.Timeout | undefined;
  #paused = true;
  #running = false;

  constructor(delayMs: number, repeat: boolean, run: () => Promise<void>, forget: () => void) {
    this.#delayMs = delayMs;
    this.#repeat = repeat;
    this.#run = run;
    this.#forget = forget;
  }

  start(): void {
    this.#paused = false;
    if (this.#running || this.#handle !== undefined) return;
    this.#wait(this.#delayMs);
  }

  pause(): void {
    this.#paused = true;
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.pause();
    this.#forget();
  }

  #wait(leftMs: number): void {
    const stepMs = Math.min(leftMs, longestStepMs);
    this.#handle = setTimeout(() => {
      if (leftMs > stepMs) this.#wait(leftMs - stepMs);
      else void this.#fire();
    }, stepMs);
  }

  async #fire(): Promise<void> {
    this.#handle = undefined;
    this.#running = true;
    if (!this.#repeat) this.#forget();
    await this.#run();
    this.#running = false;
    if (this.#repeat && !this.#paused) this.start();
  }
}

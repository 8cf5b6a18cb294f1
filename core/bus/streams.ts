import type { Event, Log } from '@orchestrall/sdk';
import { isVisible } from './envelope.ts';
import type { StampedEvent } from './envelope.ts';
import type { EventStore } from './event-store.ts';
import { createMatcher, toTypeCondition } from './pattern.ts';
import type { Tail } from './tail.ts';

/** What one reader wants to see, and from where on. */
export interface StreamOptions {
  readonly pattern: string;
  /** Go on behind this position (`Last-Event-ID`); default only what comes from now on. */
  readonly after?: number | undefined;
  /** What the caller is and holds (`EmitOptions.visibleTo`); an event that names who may see it names one of these. */
  readonly principals: ReadonlySet<string>;
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
}

/** One thing on a stream. `end` is always the last; after `signal` it is not sent. */
export type StreamItem =
  | { readonly kind: 'event'; readonly event: Event }
  /** The position asked for is older than the retention, or unknown: the stream goes on behind `position`. */
  | { readonly kind: 'reset'; readonly position: number; readonly oldest: number }
  | { readonly kind: 'end'; readonly reason: 'slow_reader' | 'server_shutdown' | 'database_unavailable' };

/** What all streams of a process read from, and how much a reader may leave unread. */
export interface StreamsOptions {
  readonly tail: Tail;
  readonly store: EventStore;
  readonly log: Log;
  /** Positions that a reader may be behind once it has caught up; default 10,000. */
  readonly maxBehind?: number;
  /** Broadcasts kept for one reader; default 256. */
  readonly maxBroadcasts?: number;
}

const readSize = 500;
/** Each write to a reader costs a system call: many readers are told of several events at once. */
const pauseMsPerReader = 0.2;
const longestPauseMs = 100;
/** So few are told of each event as it comes. */
const fewReaders = 25;

/** Readers of the history that follow it live. None holds a copy of stored events: each reads by its position. */
export class Streams {
  readonly #options: Required<StreamsOptions>;
  readonly #readers = new Set<Reader>();
  #gathered: StampedEvent[] = [];
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #telling: NodeJS.Timeout | undefined;

  constructor(options: StreamsOptions) {
    this.#options = { maxBehind: 10_000, maxBroadcasts: 256, ...options };
    options.tail.onAdvance((events) => this.#advance(events));
  }

  get open(): number {
    return this.#readers.size;
  }

  /** Opens a stream; iterate it once. Throws `EVENT_PATTERN_INVALID`. */
  openStream(options: StreamOptions): AsyncIterable<StreamItem> {
    const reader = new Reader(this.#options, options, () => void this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader.items();
  }

  broadcast(event: Event, visibleTo: readonly string[] | null): void {
    for (const reader of this.#readers) reader.broadcast(event, visibleTo);
  }

  /** Ends every stream with a reason. */
  close(reason: 'server_shutdown'): void {
    clearTimeout(this.#telling);
    for (const reader of this.#readers) reader.end(reason);
  }

  /** The first events after a quiet time are told at once, those soon behind them together. */
  #advance(events: readonly StampedEvent[]): void {
    for (const event of events) this.#gathered.push(event);
    const { size } = this.#readers;
    const pauseMs = size <= fewReaders ? 0 : Math.min(size * pauseMsPerReader, longestPauseMs);
    const waitMs = this.#toldAtMs + pauseMs - performance.now();
    if (waitMs <= 0) this.#tell();
    else this.#telling ??= setTimeout(() => this.#tell(), Math.ceil(waitMs));
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#toldAtMs = performance.now();
    const events = this.#gathered;
    this.#gathered = [];
    for (const reader of this.#readers) reader.advance(events);
  }
}

type End = (StreamItem & { kind: 'end' })['reason'] | 'aborted';

class Reader {
  readonly #streams: Required<StreamsOptions>;
  readonly #options: StreamOptions;
  readonly #matches: (type: string) => boolean;
  readonly #onEnd: () => void;
  readonly #broadcasts: Event[] = [];
  #position: number;
  #live = false;
  #ended: End | undefined;
  #reset: StreamItem | undefined;
  #wake: (() => void) | undefined;

  constructor(streams: Required<StreamsOptions>, options: StreamOptions, onEnd: () => void) {
    this.#streams = streams;
    this.#options = options;
    this.#matches = createMatcher(options.pattern);
    this.#onEnd = onEnd;
    this.#position = options.after ?? streams.tail.head;
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    if (options.signal?.aborted === true) this.end('aborted');
  }

  readonly #abort = (): void => this.end('aborted');

  /** Called with each stretch of new events. */
  advance(events: readonly StampedEvent[]): void {
    const last = events.at(-1);
    if (last === undefined || !this.#live) return;
    if (last.position - this.#position > this.#streams.maxBehind) return this.end('slow_reader');
    const waiting = this.#wake !== undefined;
    if (waiting && !events.some((event) => this.#shows(event))) {
      this.#position = Math.max(this.#position, last.position);
    } else this.#wake?.();
  }

  broadcast(event: Event, visibleTo: readonly string[] | null): void {
    if (!this.#matches(event.type) || !isVisible(visibleTo, this.#options.principals)) return;
    if (this.#broadcasts.length >= this.#streams.maxBroadcasts) return this.end('slow_reader');
    this.#broadcasts.push(event);
    this.#wake?.();
  }

  end(reason: End): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#onEnd();
    this.#wake?.();
  }

  async *items(): AsyncGenerator<StreamItem> {
    try {
      await this.#checkStart();
      for (;;) {
        // Broadcasts are of the moment: they go before what is stored.
        for (let event = this.#broadcasts.shift(); event !== undefined; event = this.#broadcasts.shift()) {
          yield { kind: 'event', event };
        }
        if (this.#ended !== undefined) break;
        if (this.#reset !== undefined) {
          const reset = this.#reset;
          this.#reset = undefined;
          yield reset;
        }
        const events = await this.#next();
        for (const { event, position } of events) {
          if (this.#ended !== undefined) break;
          this.#position = position;
          yield { kind: 'event', event };
        }
      }
    } catch (error) {
      this.#streams.log.warn({ error }, 'a stream of events ended because the history could not be read');
      this.end('database_unavailable');
    } finally {
      this.end('aborted');
    }
    const ended: End | undefined = this.#ended;
    if (ended !== undefined && ended !== 'aborted') yield { kind: 'end', reason: ended };
  }

  async #checkStart(): Promise<void> {
    const { after } = this.#options;
    if (after === undefined) {
      this.#live = true;
      return;
    }
    const { oldest, head } = await this.#streams.store.bounds();
    if (after < oldest - 1 || after > head) this.#resetTo(head, oldest);
  }

  /** A position outside the history is answered by going on at its newest end, and saying so. */
  #resetTo(head: number, oldest: number): void {
    this.#position = head;
    this.#reset = { kind: 'reset', position: head, oldest };
  }

  /** The next events to show; waits while there are none. */
  async #next(): Promise<readonly StampedEvent[]> {
    const { tail, store } = this.#streams;
    for (;;) {
      if (this.#ended !== undefined || this.#reset !== undefined || this.#broadcasts.length > 0) return [];
      const { head } = tail;
      const inMemory = tail.readAfter(this.#position, readSize);
      if (inMemory === undefined) {
        const condition = toTypeCondition(this.#options.pattern);
        const { events, through } = await store.readMatching(this.#position, head, condition, readSize);
        const bounds = await store.bounds();
        // Retention may have removed what was to be read: asked afterwards, it cannot be missed.
        if (this.#position < bounds.oldest - 1) {
          this.#resetTo(bounds.head, bounds.oldest);
          continue;
        }
        const shown = events.filter((event) => this.#shows(event));
        if (shown.length > 0) return shown;
        this.#position = Math.max(this.#position, through);
        continue;
      }
      const last = inMemory.at(-1);
      if (last === undefined) {
        this.#live = true;
        await this.#woken();
        continue;
      }
      const shown = inMemory.filter((event) => this.#shows(event));
      if (shown.length > 0) return shown;
      this.#position = last.position;
    }
  }

  async #woken(): Promise<void> {
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    await woken.promise;
    this.#wake = undefined;
  }

  #shows({ event, visibleTo }: StampedEvent): boolean {
    return this.#matches(event.type) && isVisible(visibleTo, this.#options.principals);
  }
}

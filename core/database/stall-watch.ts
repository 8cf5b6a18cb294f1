import { withoutScope } from '../telemetry/scope.ts';

/** Something that waits for answers of the server. */
export interface Waiting {
  /** Since when an answer is awaited, monotonic milliseconds; undefined while none is. */
  readonly waitingSince: number | undefined;
  /** Longest wait that was asked for. */
  readonly limitMs: number;
  /** Whether it asked for longer than is usual, and then waits out its own limit whatever the server does. */
  readonly patient: boolean;
  /** Ends the wait, which rejects what waits. */
  cut(): void;
}

/** Frees callers from a server that has fallen silent, which its own time limits cannot do. */
export interface StallWatch extends Disposable {
  add(waiting: Waiting): void;
  delete(waiting: Waiting): void;
  /** Tells that the server has answered somebody. */
  heard(atMs: number): void;
  /** Whether the server as a whole answers nobody; what needs it is then to be refused at once. */
  readonly silent: boolean;
}

/** The limits of waiting, and how the server is asked for a sign of life. */
export interface StallWatchOptions {
  /** How long beyond its own limit an answer may take before its connection is cut. */
  readonly graceMs: number;
  /** Longest wait after which it is asked whether the server answers at all; default 1,000. */
  readonly doubtMs?: number;
  /** How long a doubted server may answer nobody before it counts as silent; default 3,000. */
  readonly silenceMs?: number;
  /** Asks the server for a sign of life on a connection of its own; false after that limit, milliseconds. */
  readonly probe: (limitMs: number) => Promise<boolean>;
  /** Called when the server falls silent and when it is heard again. */
  readonly onChange: (silent: boolean) => void;
  /** Monotonic milliseconds; default `performance.now()`. */
  readonly now?: () => number;
  /** Calls back again and again; default a timer that does not hold the process. */
  readonly every?: (intervalMs: number, work: () => void) => Disposable;
}

/** Longest a single probe waits; a new one then finds a server that came back at another place. */
const probeLimitMs = 10_000;
/** Shortest pause after a doubt that came to nothing. */
const confidentMs = 1_000;

/**
 * Watches all waits with one timer, so that a statement costs none.
 *
 * A wait is cut once it outlasts its own limit and the grace. Long before, when any has lasted `doubtMs`, a probe asks
 * the server for a sign of life. If neither the probe nor anybody else is answered for `silenceMs`, the server is
 * silent: all waits of usual length end, until a probe is answered. A slow statement on a server that answers others
 * is never cut by that.
 */
export function createStallWatch(options: StallWatchOptions): StallWatch {
  const { graceMs, doubtMs = 1_000, silenceMs = 3_000, now: clock = monotonicMs, every = onTimer } = options;
  const everyMs = Math.min(250, Math.max(10, graceMs / 2), Math.max(10, doubtMs / 4));
  const all = new Set<Waiting>();
  let heardAt = clock();
  let lookedAt = heardAt;
  let doubtedSince: number | undefined;
  let confidentUntil = 0;
  let probing = false;
  let silent = false;
  let disposed = false;

  const setSilent = (next: boolean): void => {
    if (next === silent) return;
    silent = next;
    options.onChange(next);
  };

  const trust = (now: number): void => {
    doubtedSince = undefined;
    confidentUntil = now + confidentMs;
    setSilent(false);
  };

  const ask = async (): Promise<void> => {
    probing = true;
    try {
      const answered = await options.probe(probeLimitMs);
      if (answered && !disposed) trust(clock());
    } finally {
      probing = false;
    }
  };

  /** Cuts what has waited too long, and tells whether anything has waited long enough for a doubt. */
  const cutOverdue = (now: number): boolean => {
    let doubted = false;
    for (const waiting of all) {
      const waited = now - (waiting.waitingSince ?? now);
      const bounded = silent && !waiting.patient;
      if (waited > waiting.limitMs + graceMs || (bounded && waited > doubtMs)) waiting.cut();
      else if (waited > doubtMs) doubted = true;
    }
    return doubted;
  };

  const look = (): void => {
    const now = clock();
    const late = now - lookedAt > everyMs + silenceMs / 2;
    lookedAt = now;
    // The process itself was held up: answers may lie unread, and are read before the next look.
    if (late) {
      if (doubtedSince !== undefined) doubtedSince = now;
      return;
    }
    if (doubtedSince !== undefined && heardAt > doubtedSince) trust(now);
    else if (doubtedSince !== undefined && now - doubtedSince > silenceMs) setSilent(true);
    const doubted = cutOverdue(now);
    if (!silent && !doubted) doubtedSince = undefined;
    else if (now > confidentUntil) {
      doubtedSince ??= now;
      if (!probing) void ask();
    }
  };

  const timer = every(everyMs, look);
  return {
    add: (waiting) => void all.add(waiting),
    delete: (waiting) => void all.delete(waiting),
    heard(atMs) {
      heardAt = atMs;
    },
    get silent() {
      return silent;
    },
    [Symbol.dispose]() {
      disposed = true;
      timer[Symbol.dispose]();
    },
  };
}

function monotonicMs(): number {
  return performance.now();
}

function onTimer(intervalMs: number, work: () => void): Disposable {
  const timer = withoutScope(() => setInterval(work, intervalMs)).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

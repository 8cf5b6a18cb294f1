import { LRUCache } from 'lru-cache';
import type { Clock } from '@orchestrall/sdk';

/** Values of one generation, kept in this process. */
export interface Cache {
  /** The kept value, or that of one `load` however many ask at the same time. */
  get(key: string, ttlMs: number, load: () => Promise<unknown>): Promise<unknown>;
  /** Drops a value; a load under way is not kept. */
  forget(key: string): void;
  /** Drops all. */
  clear(): void;
}

/** A load under way; it is an object so that one that was dropped is told from its successor. */
interface Flight {
  landed: Promise<unknown>;
}

/** Most values kept; the least recently used goes first. */
const maxEntries = 10_000;

/**
 * Single-flight over an LRU cache. `undefined`, `null` and errors are not kept.
 *
 * Flights are kept here and not by the cache's own `fetch`: one that is deleted there either rejects for those who
 * wait, or, when told to go on, may put its stale value back.
 */
export function createCache(clock: Clock): Cache {
  let kept: LRUCache<string, { readonly value: unknown }> | undefined;
  // It takes the memory of all its entries at once, which a generation that caches nothing need not hold.
  const open = (): NonNullable<typeof kept> =>
    (kept ??= new LRUCache({
      max: maxEntries,
      perf: { now: () => clock.monotonicMs() },
      // A cached time would let a value live up to that long beyond its time.
      ttlResolution: 0,
    }));
  const flights = new Map<string, Flight>();

  const fly = async (
    flight: Flight,
    key: string,
    ttlMs: number,
    load: () => Promise<unknown>,
  ): Promise<unknown> => {
    try {
      const value = await load();
      const wanted = flights.get(key) === flight && value !== undefined && value !== null;
      if (wanted) open().set(key, { value }, { ttl: ttlMs });
      return value;
    } finally {
      if (flights.get(key) === flight) flights.delete(key);
    }
  };

  return {
    async get(key, ttlMs, load) {
      const found = kept?.get(key);
      if (found !== undefined) return found.value;
      const underWay = flights.get(key);
      if (underWay !== undefined) return underWay.landed;
      const flight: Flight = { landed: Promise.resolve() };
      flights.set(key, flight);
      flight.landed = fly(flight, key, ttlMs, load);
      return flight.landed;
    },
    forget(key) {
      kept?.delete(key);
      flights.delete(key);
    },
    clear() {
      kept?.clear();
      flights.clear();
    },
  };
}

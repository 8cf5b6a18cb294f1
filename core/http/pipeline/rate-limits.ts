import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { coreError } from '../../errors.ts';

/** The client's `security.rate_limit`. */
export interface RateLimit {
  /** Requests of one caller, or of one address (of IPv6: one /64) without a caller, in a minute. */
  readonly requestsPerMinute: number;
  /** Requests beyond that in the same minute. */
  readonly burstSize: number;
}

const windowSeconds = 60;

/** Counts requests per caller in memory; the limit can be changed at any time and then counts anew. */
export class RateLimits {
  #limit: RateLimit | undefined;
  #limiter: BurstyRateLimiter | undefined;

  constructor(limit?: RateLimit) {
    this.configure(limit);
  }

  /** Replaces the limit; undefined lifts it. */
  configure(limit: RateLimit | undefined): void {
    if (
      limit?.requestsPerMinute === this.#limit?.requestsPerMinute &&
      limit?.burstSize === this.#limit?.burstSize
    )
      return;
    this.#limit = limit;
    this.#limiter = undefined;
    if (limit === undefined) return;
    const steady = new RateLimiterMemory({
      keyPrefix: 's',
      points: limit.requestsPerMinute,
      duration: windowSeconds,
    });
    const burst = new RateLimiterMemory({ keyPrefix: 'b', points: limit.burstSize, duration: windowSeconds });
    this.#limiter = new BurstyRateLimiter(steady, burst);
  }

  /**
   * Takes one request from the key's allowance and gives the headers that tell what is left
   * (draft-ietf-httpapi-ratelimit-headers); undefined without a limit. Rejects with `RATE_LIMITED`.
   */
  async consume(key: string): Promise<Readonly<Record<string, string>> | undefined> {
    const limiter = this.#limiter;
    const limit = this.#limit;
    if (limiter === undefined || limit === undefined) return undefined;
    try {
      return headersOf(limit, await limiter.consume(key));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const headers = headersOf(limit, refusal);
      throw coreError('RATE_LIMITED', { retryAfterSeconds: refusal.msBeforeNext / 1000, headers });
    }
  }

  /** Whether any limit is set. */
  get active(): boolean {
    return this.#limiter !== undefined;
  }
}

function headersOf(limit: RateLimit, state: RateLimiterRes): Record<string, string> {
  const total = limit.requestsPerMinute + limit.burstSize;
  return {
    'ratelimit-limit': String(total),
    'ratelimit-remaining': String(Math.max(0, total - state.consumedPoints)),
    'ratelimit-reset': String(Math.ceil(state.msBeforeNext / 1000)),
  };
}

/** How much of the organisation's requests of the last 24 hours is used. */
export interface ApiUsage {
  readonly used: number;
  readonly limit: number;
}

/**
 * The usage in a `Sforce-Limit-Info` header, such as `api-usage=18/5000`; undefined when it says none
 * (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm).
 */
export function readUsage(header: string | null): ApiUsage | undefined {
  const [, used, limit] = /\bapi-usage=(\d{1,12})\/(\d{1,12})/.exec(header ?? '') ?? [];
  return used === undefined || limit === undefined ? undefined : { used: Number(used), limit: Number(limit) };
}

/** How long a usage that was told holds, milliseconds: after it, one request has to ask again. */
const usageHoldsMs = 300_000;

/** Keeps what was last told of the usage, and decides when to leave the rest to others. */
export class UsageGuard {
  readonly #reserve: number;
  #usage: ApiUsage | undefined;
  #toldAt = 0;

  /** @param reserve share of the requests left to others, 0 to 1 */
  constructor(reserve: number) {
    this.#reserve = reserve;
  }

  /** The usage as last told. */
  get usage(): ApiUsage | undefined {
    return this.#usage;
  }

  note(usage: ApiUsage | undefined, nowMs: number): void {
    if (usage === undefined) return;
    this.#usage = usage;
    this.#toldAt = nowMs;
  }

  /** The usage when it is beyond what is ours; undefined while requests may be sent. */
  exceeded(nowMs: number): ApiUsage | undefined {
    const usage = this.#usage;
    if (usage === undefined || nowMs - this.#toldAt >= usageHoldsMs) return undefined;
    return usage.used >= usage.limit * (1 - this.#reserve) ? usage : undefined;
  }
}

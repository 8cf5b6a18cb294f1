import { AppError } from '@orchestrall/sdk';
import type { Policies } from './policies.ts';

/** Failures in a row after which a host is left alone, and for how long. */
const breaker = { failures: 5, halfOpenAfterMs: 10_000 };
/** Calls to one host at the same time, and how many more may wait. */
const bulkhead = { limit: 64, queue: 256 };

/**
 * `fetch` with one policy for each host: a host that cannot be reached or answers 502, 503 or 504 five times in a row is
 * left alone for ten seconds, and a slow one cannot take all connections. Nothing is tried again, since only the caller
 * knows whether that is safe. Throws `DEPENDENCY_UNAVAILABLE` and `DEPENDENCY_BUSY` besides what `fetch` throws.
 */
export function createResilientFetch(
  policies: Policies,
  fetch: typeof globalThis.fetch,
): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const policy = policies.named(`host ${new URL(request.url).host}`, { breaker, bulkhead, isFailure });
    try {
      // The request's own signal ends the call; the policy's would hide the caller's reason.
      return await policy.execute(async () => {
        const response = await fetch(request).catch((error: unknown) => {
          throw endedByCaller(request.signal) ? new CallerEnded(error) : error;
        });
        if (gatewayStatuses.has(response.status)) throw new GatewayAnswer(response);
        return response;
      });
    } catch (error) {
      // Counted by the breaker, yet an answer all the same.
      if (error instanceof GatewayAnswer) return error.response;
      throw error instanceof CallerEnded ? error.cause : error;
    }
  };
}

const gatewayStatuses = new Set([502, 503, 504]);

class GatewayAnswer extends Error {
  readonly response: Response;

  constructor(response: Response) {
    super(`the host answered ${response.status}`);
    this.response = response;
  }
}

/** Carries the error of a call that its caller ended past the breaker. */
class CallerEnded extends Error {
  constructor(cause: unknown) {
    super('the caller ended the call', { cause });
  }
}

/** A time limit that ran out speaks against the host; any other reason is the caller's own. */
function endedByCaller({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof Error && reason.name === 'TimeoutError');
}

/** A call that its caller ended, or that we refused, says nothing about the host. */
function isFailure(error: unknown): boolean {
  return !(error instanceof AppError || error instanceof CallerEnded);
}

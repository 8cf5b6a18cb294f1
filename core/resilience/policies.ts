import {
  bulkhead,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  isTaskCancelledError,
  noop,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import type { IPolicy } from 'cockatiel';
import type { Log } from '@orchestrall/sdk';
import { coreError } from '../errors.ts';

/** What guards calls to one dependency; each part is left out when absent. */
export interface PolicyOptions {
  /** Tries again with exponential back-off and jitter; `attempts` are those after the first. */
  readonly retry?: {
    readonly attempts: number;
    readonly initialDelayMs: number;
    readonly maxDelayMs: number;
  };
  /** Longest single try, milliseconds; its signal is aborted then. */
  readonly timeoutMs?: number;
  /** Refuses calls for `halfOpenAfterMs` after so many failures in a row, then tries one. */
  readonly breaker?: { readonly failures: number; readonly halfOpenAfterMs: number };
  /** Calls at the same time, and how many more may wait. */
  readonly bulkhead?: { readonly limit: number; readonly queue: number };
  /** Whether an error speaks against the dependency, and not against the call; default all do. */
  readonly isFailure?: (error: unknown) => boolean;
}

/** A named guard around calls to one dependency. */
export interface Policy {
  readonly name: string;
  /** `open` refuses calls, `half_open` tries one. */
  readonly state: 'closed' | 'open' | 'half_open';
  /** Runs the work; throws `DEPENDENCY_UNAVAILABLE`, `DEPENDENCY_BUSY`, `DEPENDENCY_TIMEOUT`, or what the work threw. */
  execute<Result>(work: (signal: AbortSignal) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

/** The policies of an appliance by name, so that all callers of a dependency share one breaker. */
export class Policies {
  readonly #log: Log;
  readonly #policies = new Map<string, Policy>();

  constructor(options: { readonly log: Log }) {
    this.#log = options.log;
  }

  /** The policy of that name, made with these options when first asked for. */
  named(name: string, options: PolicyOptions): Policy {
    let policy = this.#policies.get(name);
    if (policy === undefined) {
      policy = createPolicy(name, options, this.#log);
      this.#policies.set(name, policy);
    }
    return policy;
  }

  /** All policies, for health. */
  list(): readonly Policy[] {
    return [...this.#policies.values()];
  }
}

/** Outermost first: retry, then room, then breaker, then the time of a single try. */
function createPolicy(name: string, options: PolicyOptions, log: Log): Policy {
  const handled = handleWhen(options.isFailure ?? (() => true));
  const breaker =
    options.breaker === undefined
      ? undefined
      : circuitBreaker(handled, {
          breaker: new ConsecutiveBreaker(options.breaker.failures),
          halfOpenAfter: options.breaker.halfOpenAfterMs,
        });
  breaker?.onBreak(() =>
    log.warn({ policy: name }, 'a dependency failed repeatedly; calls are refused for a while'),
  );
  breaker?.onReset(() => log.info({ policy: name }, 'a dependency answers again'));
  const { retry: again, bulkhead: room, timeoutMs } = options;
  const chain: IPolicy = wrap(
    again === undefined
      ? noop
      : retry(handled, {
          maxAttempts: again.attempts,
          backoff: new ExponentialBackoff({ initialDelay: again.initialDelayMs, maxDelay: again.maxDelayMs }),
        }),
    room === undefined ? noop : bulkhead(room.limit, room.queue),
    breaker ?? noop,
    timeoutMs === undefined ? noop : timeout(timeoutMs, TimeoutStrategy.Aggressive),
  );
  return {
    name,
    get state() {
      if (breaker === undefined || breaker.state === CircuitState.Closed) return 'closed';
      return breaker.state === CircuitState.HalfOpen ? 'half_open' : 'open';
    },
    async execute(work, signal) {
      try {
        return await chain.execute(async (context) => work(context.signal), signal);
      } catch (error) {
        const details = { dependency: name };
        if (isBrokenCircuitError(error)) {
          const retryAfterSeconds = (options.breaker?.halfOpenAfterMs ?? 0) / 1000;
          throw coreError('DEPENDENCY_UNAVAILABLE', { ...details, retryAfterSeconds }, error);
        }
        if (isBulkheadRejectedError(error))
          throw coreError('DEPENDENCY_BUSY', { ...details, retryAfterSeconds: 1 }, error);
        if (isTaskCancelledError(error) && signal?.aborted !== true) {
          throw coreError('DEPENDENCY_TIMEOUT', { ...details, timeoutMs: timeoutMs ?? 0 }, error);
        }
        throw error;
      }
    },
  };
}

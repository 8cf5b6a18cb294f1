import type { Log } from '@orchestrall/sdk';
import { errorMessage, messageOf } from '../../telemetry/error-message.ts';
import type { StampedEvent } from '../envelope.ts';
import type { Failure } from './attempt.ts';
import { pauseAfter } from './backoff.ts';
import type { Binding } from './binding.ts';
import type { DeliveryStore, HeldSubscription } from './delivery-store.ts';

/** An event that its handler could not handle alone. */
interface FailedDelivery {
  readonly stamped: StampedEvent;
  readonly key: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly failure: Failure;
}

/** Longest error kept with a dead letter, characters. */
const longestError = 2_000;

/** Counts a failed attempt in the database and logs it; `dead` when it was the last. */
export async function noteFailure(
  {
    store,
    taken,
    log,
  }: { readonly store: DeliveryStore; readonly taken: HeldSubscription; readonly log: Log },
  binding: Binding,
  { stamped, key, attempt, failure }: FailedDelivery,
): Promise<{ readonly dead: boolean; readonly pauseMs: number }> {
  const pauseMs = pauseAfter(attempt, binding.backoffMs);
  const dead = await store.fail(taken, {
    position: stamped.position,
    key,
    error: describe(failure.error),
    reason: failure.reason,
    maxAttempts: binding.attempts,
    pauseMs,
  });
  const fields = {
    plugin: binding.owner.plugin,
    generation: binding.owner.generation,
    subscription: binding.name,
    event_id: stamped.event.id,
    type: stamped.event.type,
    attempt,
    error: failure.error,
  };
  if (dead) log.error(fields, 'an event was dead-lettered');
  else log.warn(fields, 'an event could not be handled and will be tried again');
  return { dead, pauseMs };
}

function describe(error: unknown): string {
  const name = error instanceof Error ? `${error.name}: ` : '';
  return errorMessage(`${name}${messageOf(error)}`, longestError);
}

import { salesforceError } from '../salesforce/errors.ts';
import type { SyncProvider } from '../sync/proposal.ts';
import type { Outside } from './ports.ts';

/** How long a request of a person waits for the outside system, milliseconds. */
export const longestAskMs = 60_000;

/** Asks the outside system something for a person who waits. Throws `SALESFORCE_UNAVAILABLE` after a minute. */
export async function askOutside<Result>(
  outside: Outside,
  ask: (provider: SyncProvider) => Promise<Result>,
): Promise<Result> {
  const signal = AbortSignal.timeout(longestAskMs);
  try {
    return await ask(outside.open(signal));
  } catch (error) {
    if (!signal.aborted) throw error;
    const details = { request: 'the preview', attempts: 1, reason: 'it took too long' };
    throw salesforceError('SALESFORCE_UNAVAILABLE', { ...details, retry_after_ms: longestAskMs }, error);
  }
}

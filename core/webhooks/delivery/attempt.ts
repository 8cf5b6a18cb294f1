import { isAppError } from '@orchestrall/sdk';
import type { Event } from '@orchestrall/sdk';
import type { Webhooks } from '../../config/sections/webhooks.ts';
import type { Seal } from '../../database/seal.ts';
import { openSealed } from '../endpoints/secrets.ts';
import type { Opened } from '../endpoints/secrets.ts';
import type { WebhookMetrics } from '../metrics.ts';
import type { Answer } from '../sending/answer.ts';
import { messageOf } from '../sending/message.ts';
import type { Policy } from '../sending/policy.ts';
import type { Resolve } from '../sending/resolve.ts';
import { send } from '../sending/send.ts';
import type { Receiver } from './next-delivery.ts';

/** What an attempt needs of the room. */
export interface AttemptServices {
  readonly seal: Seal;
  readonly resolve: Resolve;
  readonly metrics: WebhookMetrics;
  /** As the client's YAML has them now. */
  readonly settings: () => Webhooks;
  readonly policy: () => Policy;
}

/** What is sent in one attempt. */
export interface Attempt {
  readonly receiver: Receiver;
  readonly event: Event;
  readonly deliveryId: string;
  /** 1 for the first. */
  readonly number: number;
  readonly signal: AbortSignal;
}

/** Signs an event and sends it; whatever prevents that is an answer too. Rejects only when the signal aborts. */
export async function attempt(services: AttemptServices, given: Attempt): Promise<Answer> {
  const { receiver, event, deliveryId, number, signal } = given;
  const opened = open(services.seal, receiver);
  const answer = typeof opened === 'string' ? unsent(opened) : await sendOpened(opened);
  services.metrics.attempted(answer);
  return answer;

  async function sendOpened({ secrets, headers }: Opened): Promise<Answer> {
    const { url } = receiver;
    return send(messageOf({ url, event, deliveryId, attempt: number, headers, secrets, atMs: Date.now() }), {
      policy: services.policy(),
      resolve: services.resolve,
      timeoutMs: services.settings().timeout * 1_000,
      signal,
      secrets: [...secrets, ...Object.values(headers)],
    });
  }
}

/** An attempt that ended before anything was sent. */
export function unsent(error: string): Answer {
  return { taken: false, status: null, error, response: null, retryAfterMs: undefined, durationMs: 0 };
}

/** What is sealed of a receiver, or why it cannot be opened. */
function open(seal: Seal, receiver: Receiver): Opened | string {
  try {
    return openSealed(seal, receiver);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return `${error.message} Rotate the secret of the webhook, and set its headers again.`;
  }
}

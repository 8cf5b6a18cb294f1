import type { Event } from '@orchestrall/sdk';
import { signatureHeader } from './signature.ts';

/** One attempt to hand an event to a receiver. */
export interface Message {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a message is made of. */
export interface MessageOptions {
  readonly url: string;
  readonly event: Event;
  readonly deliveryId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Headers of the administrator's own. */
  readonly headers: Readonly<Record<string, string>>;
  /** Secrets that are valid, the current one first. */
  readonly secrets: readonly string[];
  readonly atMs: number;
}

/**
 * The request that carries an event: CloudEvents in structured mode
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#32-structured-content-mode),
 * signed.
 */
export function messageOf(options: MessageOptions): Message {
  const { event, deliveryId, attempt, secrets, atMs } = options;
  const body = Buffer.from(JSON.stringify(event));
  return {
    url: new URL(options.url),
    body,
    headers: {
      ...options.headers,
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'content-length': String(body.length),
      'user-agent': 'Orchestrall',
      'x-event-id': event.id,
      'x-delivery-id': deliveryId,
      'x-delivery-attempt': String(attempt),
      'x-signature': signatureHeader(secrets, body, atMs),
    },
  };
}

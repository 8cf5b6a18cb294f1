import type { IncomingMessage } from 'node:http';
import { createId } from '@orchestrall/sdk';

const wellFormed = /^[A-Za-z0-9][A-Za-z0-9._~-]{7,127}$/;

/** The caller's `x-request-id` when it is 8 to 128 letters, digits and `._~-`; else a new UUIDv7. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && wellFormed.test(given) ? given : createId();
}

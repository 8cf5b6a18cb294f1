import type { Answer } from '@orchestrall/sdk';
import { validateHeaderName, validateHeaderValue } from '../../node-http.ts';

/** Largest body that is kept, bytes of JSON. */
const maxBodyBytes = 262_144;
/** These say how one answer was sent, and a repeat may be sent otherwise. */
const notKept = new Set(['content-length', 'transfer-encoding', 'connection']);

/** An answer as it is stored. */
export interface NewAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; null for an answer without a body, or with one that is too large. */
  readonly body: string | null;
  /** Whether the answer has a body that is left out. */
  readonly shortened: boolean;
}

/** Refuses with a `TypeError` an answer that could not be sent, before its change is committed. */
export function checkAnswer({ status, headers = {} }: Answer): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError(`the status of an answer is a whole number from 200 to 599, not ${status}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    if (notKept.has(name.toLowerCase())) throw new TypeError(`${name} is set when an answer is sent`);
  }
}

/** The form in which an answer is stored. Throws a `TypeError` when its body is no JSON. */
export function storedForm({ status, headers = {}, body }: Answer): NewAnswer {
  if (body === undefined) return { status, headers, body: null, shortened: false };
  const text: unknown = JSON.stringify(body);
  if (typeof text !== 'string') throw new TypeError('the body of an answer is no JSON');
  const shortened = Buffer.byteLength(text) > maxBodyBytes;
  return { status, headers, body: shortened ? null : text, shortened };
}

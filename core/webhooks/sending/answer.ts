/** How an attempt went. */
export interface Answer {
  /** Whether the receiver has taken it: any 2xx. */
  readonly taken: boolean;
  /** Its HTTP status; null when there was none. */
  readonly status: number | null;
  /** Why it was not taken, one sentence; null when it was. */
  readonly error: string | null;
  /** The beginning of what it wrote; null when that is nothing. */
  readonly response: string | null;
  /** How long the receiver asks to be left alone, milliseconds; undefined when it does not say. */
  readonly retryAfterMs: number | undefined;
  /** From the first look-up of the name to the answer, milliseconds. */
  readonly durationMs: number;
}

/** Bytes of a response that are read at most. */
export const maxResponseBytes = 2_048;
const maxShownCharacters = 500;

/** The beginning of a response as the log keeps it: one that can be stored and read, without what is secret. */
export function shownResponse(bytes: Buffer, secrets: readonly string[]): string | null {
  let text = bytes.toString('utf8');
  for (const secret of secrets) if (secret.length >= 4) text = text.replaceAll(secret, '[secret]');
  const readable = text.replaceAll(/[^\P{Cc}\n\t]/gu, '\u{fffd}').toWellFormed();
  const shown = readable.length > maxShownCharacters ? `${cut(readable)}…` : readable;
  return shown === '' ? null : shown;
}

/** Cut after a whole character. */
function cut(text: string): string {
  const beginning = text.slice(0, maxShownCharacters);
  return beginning.isWellFormed() ? beginning : beginning.slice(0, -1);
}

/**
 * What `Retry-After` asks for: seconds, or a date
 * (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3). Undefined when it is absent or neither.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

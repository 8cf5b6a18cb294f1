import { secretMask } from '@orchestrall/sdk';
import { maskText } from './secrets.ts';

/** A value that a message gives after a name such as `password=` or `"api_key": `. */
const namedSecret =
  /((?:password|passwd|secret|token|api[_-]?key|credential)\w*["']?\s*[:=]\s*)("[^"]*"|'[^']*'|\S+)/gi;

/**
 * The message of whatever was thrown. Never throws itself: what has no text, such as an object without a prototype, or
 * throws when it is asked for it, is named by its type.
 */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return `a value of type ${typeof thrown} without a message`;
  }
}

/**
 * The message of whatever was thrown, fit to be stored: at most `maxCharacters`, without what PostgreSQL refuses (NUL,
 * half of a surrogate pair) and without secrets. Passwords in URLs, tokens and values after names such as `password`
 * are masked, since drivers and clients put them into messages.
 */
export function errorMessage(error: unknown, maxCharacters: number): string {
  return maskText(
    messageOf(error)
      .slice(0, 4 * maxCharacters)
      .replaceAll('\0', ''),
  )
    .replace(namedSecret, `$1${secretMask}`)
    .slice(0, maxCharacters)
    .toWellFormed();
}

import { AppError, secretMask } from '@orchestrall/sdk';
import { maskText } from '../../telemetry/secrets.ts';

/** Longest error message kept with a job, characters. */
const maxCharacters = 1000;

/** A value that a message gives after a name such as `password=` or `"api_key": `. */
const namedSecret =
  /((?:password|passwd|secret|token|api[_-]?key|credential)\w*["']?\s*[:=]\s*)("[^"]*"|'[^']*'|\S+)/gi;

/** What is kept of an error: its code and one line without secrets. */
export interface ErrorText {
  readonly code: string;
  readonly message: string;
}

/**
 * Code and message of whatever a handler threw. Passwords in URLs, tokens and values after names such as
 * `password` are masked, since drivers and clients put them into messages.
 */
export function errorText(error: unknown): ErrorText {
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: error instanceof AppError ? error.code : 'INTERNAL_ERROR',
    message: withoutSecrets(message),
  };
}

function withoutSecrets(message: string): string {
  return maskText(message.slice(0, 4 * maxCharacters).replaceAll('\0', ''))
    .replace(namedSecret, `$1${secretMask}`)
    .slice(0, maxCharacters);
}

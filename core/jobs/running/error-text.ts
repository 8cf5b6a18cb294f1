import { AppError } from '@orchestrall/sdk';
import { errorMessage } from '../../telemetry/error-message.ts';

/** Longest error message kept with a job, characters. */
const maxCharacters = 1000;

/** What is kept of an error: its code and its message without secrets. */
export interface ErrorText {
  readonly code: string;
  readonly message: string;
}

/** Codes are of this shape. Jobs end together: another that could not be stored would keep them all from their end. */
const codePattern = /^[A-Z][A-Z0-9_]{0,99}$/;

/** Code and message of whatever a handler threw; `INTERNAL_ERROR` for what is no error of ours. */
export function errorText(error: unknown): ErrorText {
  return {
    code: error instanceof AppError && codePattern.test(error.code) ? error.code : 'INTERNAL_ERROR',
    message: errorMessage(error, maxCharacters),
  };
}

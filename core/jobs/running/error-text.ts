import { AppError } from '@orchestrall/sdk';
import { errorMessage } from '../../telemetry/error-message.ts';

/** Longest error message kept with a job, characters. */
const maxCharacters = 1000;

/** What is kept of an error: its code and its message without secrets. */
export interface ErrorText {
  readonly code: string;
  readonly message: string;
}

/** Code and message of whatever a handler threw; `INTERNAL_ERROR` for what is no error of ours. */
export function errorText(error: unknown): ErrorText {
  return {
    code: error instanceof AppError ? error.code : 'INTERNAL_ERROR',
    message: errorMessage(error, maxCharacters),
  };
}

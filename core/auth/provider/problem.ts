import type { AppError } from '@orchestrall/sdk';
import { STATUS_CODES } from '../../node-http.ts';
import { currentScope } from '../../telemetry/scope.ts';

/** Media type of problem details (https://www.rfc-editor.org/rfc/rfc9457). */
export const problemType = 'application/problem+json; charset=utf-8';

/** Problem details for what the identity provider's own protocols have no answer to. */
export function problemBody(error: AppError, path: string): Readonly<Record<string, unknown>> {
  const { correlationId } = currentScope();
  return {
    type: `/docs/errors#${error.code.toLowerCase()}`,
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    instance: path,
    code: error.code,
    ...(correlationId === undefined ? {} : { request_id: correlationId }),
    remedy: error.remedy,
    ...(error.details.faults === undefined ? {} : { faults: error.details.faults }),
  };
}

import { AppError, isAppError, validationFailed } from '@orchestrall/sdk';
import type { FastifyRequest } from 'fastify';
import { coreError } from '../../errors.ts';
import { ValidationError } from '../body/validator.ts';

/** The error a caller is shown for whatever was thrown; anything unknown becomes `INTERNAL_ERROR` with it as cause. */
export function errorFrom(thrown: unknown, request: FastifyRequest): AppError {
  if (isAppError(thrown)) return thrown;
  if (thrown instanceof ValidationError) return validationFailed(thrown.faults);
  if (!(thrown instanceof Error)) return coreError('INTERNAL_ERROR', {}, thrown);
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  return (
    fromFramework(code, thrown, request) ?? fromStatus(thrown) ?? coreError('INTERNAL_ERROR', {}, thrown)
  );
}

function fromFramework(code: string, thrown: Error, request: FastifyRequest): AppError | undefined {
  switch (code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return coreError('BODY_MALFORMED', { format: 'JSON' }, thrown);
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return coreError('BODY_MALFORMED', { format: 'of its Content-Length' }, thrown);
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return coreError('BODY_TOO_LARGE', { maxBytes: request.routeOptions.bodyLimit }, thrown);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE':
      return coreError(
        'MEDIA_TYPE_UNSUPPORTED',
        { contentType: request.headers['content-type'] ?? 'none' },
        thrown,
      );
    case 'FST_ERR_BAD_URL':
      return coreError('REQUEST_MALFORMED', { reason: 'the path has a broken escape' }, thrown);
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return coreError('URL_TOO_LONG', {}, thrown);
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return request.raw.aborted
        ? coreError('REQUEST_MALFORMED', { reason: 'it ended early' }, thrown)
        : undefined;
    default:
      return undefined;
  }
}

/** Errors of other libraries that name a client's status, such as those of content type parsers. */
function fromStatus(thrown: Error): AppError | undefined {
  const status = 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : 500;
  if (status < 400 || status > 499) return undefined;
  const { code, remedy } = coreError('REQUEST_MALFORMED');
  return new AppError({ code, status, message: thrown.message, remedy, cause: thrown });
}

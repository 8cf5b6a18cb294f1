import { defineErrors } from '@orchestrall/sdk';

/** Every error the core can answer with; `docs/errors.md` is generated from it. */
export const coreErrors = {
  ROUTE_NOT_FOUND: {
    status: 404,
    message: 'No route answers {method} {path}.',
    remedy: 'Compare method and path with the reference at /docs.',
  },
  PLUGIN_DISABLED: {
    status: 404,
    message: 'The capability {plugin} is switched off.',
    remedy: 'An administrator can switch it on: POST /api/v1/system/plugins/{plugin}/enable.',
  },
  PLUGIN_FAILED: {
    status: 503,
    message: 'The capability {plugin} has failed and is being retried.',
    remedy: 'Try again after the time in Retry-After; the reason is at /api/v1/system/plugins/{plugin}.',
  },
  PLUGIN_NOT_FOUND: {
    status: 404,
    message: 'No plugin is named {plugin}.',
    remedy: 'List the plugins: GET /api/v1/system/plugins.',
  },
  VALIDATION_FAILED: {
    status: 400,
    message: 'The request has faulty fields.',
    remedy: 'Correct each field that `faults` names and send the request again.',
  },
  BODY_MALFORMED: {
    status: 400,
    message: 'The body is not valid {format}.',
    remedy: 'Send a complete body of that format.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    message: 'The body is larger than {maxBytes} bytes.',
    remedy: 'Send less at a time.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    message: 'The content type {contentType} is not accepted here.',
    remedy: 'Use one of the content types that the reference at /docs lists for this route.',
  },
  REQUEST_TIMEOUT: {
    status: 503,
    message: 'The request took longer than {timeoutMs} ms.',
    remedy: 'Try again; if it stays slow, ask for less at a time.',
  },
  RATE_LIMITED: {
    status: 429,
    message: 'Too many requests.',
    remedy: 'Wait for the seconds in Retry-After.',
  },
  SHUTTING_DOWN: {
    status: 503,
    message: 'The appliance is stopping.',
    remedy: 'Try again in a few seconds.',
  },
  INTERNAL_ERROR: {
    status: 500,
    message: 'The appliance made a mistake; it is logged under the request id.',
    remedy: 'Give the request id to your administrator.',
  },
} as const;

/** Creates an error of the core's table. */
export const coreError = defineErrors(coreErrors);

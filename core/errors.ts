import { defineErrors, sharedErrors } from '@orchestrall/sdk';

/**
 * The errors of the core but those of `auth`, `bus` and `database`. These three stand between the appliance and a server
 * of its own or a foreign one (identity provider, broker, PostgreSQL) and have a table each, `<room>/errors.ts`; every
 * other room raises errors of this table. No code stands in two; `docs/errors.md` is generated from all.
 */
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
  PLUGIN_PREPARING: {
    status: 503,
    message: 'The capability {plugin} is being started.',
    remedy: 'Try again after the time in Retry-After.',
  },
  PLUGIN_NOT_FOUND: {
    status: 404,
    message: 'No plugin is named {plugin}.',
    remedy: 'List the plugins: GET /api/v1/system/plugins.',
  },
  ...sharedErrors,
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
  CONTENT_ENCODING_UNSUPPORTED: {
    status: 415,
    message: 'A body with the content encoding {encoding} is not accepted; accepted is identity.',
    remedy: 'Send the body as it is, without a Content-Encoding header.',
  },
  REQUEST_TIMEOUT: {
    status: 503,
    message: 'The request took longer than {timeoutMs} ms.',
    remedy: 'Try again; if it stays slow, ask for less at a time.',
  },
  ROUTE_ACCESS_MISSING: {
    status: 500,
    message: 'The route {method} {path} declares no access rule.',
    remedy: 'Add `config: { access: ... }` with `public`, a role or a list of roles to the route.',
  },
  ROUTE_OUTSIDE_PREFIX: {
    status: 500,
    message: 'The route {method} {path} lies outside the prefixes {prefixes}.',
    remedy: 'Register the route below a prefix of the manifest, or add the prefix there.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    message: '{path} does not answer {method}.',
    remedy: 'Use one of the methods in Allow.',
  },
  REQUEST_MALFORMED: {
    status: 400,
    message: 'The request is not valid HTTP: {reason}.',
    remedy: 'Correct the request line and headers.',
  },
  URL_TOO_LONG: {
    status: 414,
    message: 'A part of the URL is too long.',
    remedy: 'Shorten the URL; send long values in the body.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    message: 'The headers are larger than {maxBytes} bytes.',
    remedy: 'Send fewer or shorter headers.',
  },
  UPGRADE_NOT_SUPPORTED: {
    status: 400,
    message: 'This route does not speak {protocol}.',
    remedy: 'Send the request without an Upgrade header, or use a route that speaks WebSocket.',
  },
  UPGRADE_REQUIRED: {
    status: 426,
    message: 'This route speaks WebSocket only.',
    remedy: 'Open it as a WebSocket.',
  },
  RECEIVE_TIMEOUT: {
    status: 408,
    message: 'The request did not arrive in time.',
    remedy: 'Send the whole request without pauses.',
  },
  RATE_LIMITED: {
    status: 429,
    message: 'Too many requests.',
    remedy: 'Wait for the seconds in Retry-After.',
  },
  IDEMPOTENCY_IN_FLIGHT: {
    status: 409,
    message: 'The request with this Idempotency-Key is still being worked on.',
    remedy:
      'Send it again with the same key after the seconds in Retry-After; the answer of the first is then given.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    message: 'This Idempotency-Key belongs to an earlier request here with another query or body.',
    remedy: 'Send a new key with each new request, and the same key only with a repeat of the same request.',
  },
  JOB_INVALID: {
    status: 400,
    message: 'The job {name} cannot be accepted: {reason}.',
    remedy: 'Correct what the reason and `faults` name; payloads follow the schema given to `defineJob`.',
  },
  JOB_NOT_FOUND: {
    status: 404,
    message: 'No job has the id {id}.',
    remedy: 'List the jobs: GET /api/v1/system/jobs. Ended jobs are forgotten after the retention time.',
  },
  JOB_NOT_FAILED: {
    status: 409,
    message: 'The job {id} is {status} and cannot be tried again.',
    remedy:
      'Only failed and cancelled jobs can be tried again, and only while no job of the same unique key waits.',
  },
  JOB_LEASE_LOST: {
    status: 409,
    message: 'This run of the job {id} no longer holds its lease (fence {fence}).',
    remedy:
      'Stop this run: another one has taken the job over, or it has ended; nothing of this step was saved.',
  },
  JOB_CANCELLED: {
    status: 409,
    message: 'The job {id} was cancelled.',
    remedy: 'Stop this run; nothing more is saved for it.',
  },
  JOB_STOPPED: {
    status: 503,
    message: 'The run of the job {id} was cut because {plugin} is being switched.',
    remedy: 'Stop this run; the job goes on from its last checkpoint.',
  },
  JOB_TIMEOUT: {
    status: 504,
    message: 'The job ran longer than {timeoutMs} ms.',
    remedy: 'Save checkpoints and do less in one run, or give the handler a larger `timeoutMs`.',
  },
  SCHEDULE_INVALID: {
    status: 400,
    message: 'The schedule {name} cannot be accepted: {reason}.',
    remedy: 'Give five or six cron fields that fire at some time, and a time zone of the IANA list.',
  },
  LOCK_INVALID: {
    status: 400,
    message: 'The lock {name} cannot be asked for: {reason}.',
    remedy: 'Correct what the reason names.',
  },
  LOCK_UNAVAILABLE: {
    status: 409,
    message: 'The lock {name} is held by another and was not free within {waitMs} ms.',
    remedy: 'Try again later, or wait longer for it with `waitMs`.',
  },
  LOCK_LOST: {
    status: 409,
    message: 'The lock {name} was lost while the work ran (fence {fence}).',
    remedy: 'Stop this work; writers that were given the fence are refused by now.',
  },
  STATE_KEY_INVALID: {
    status: 400,
    message: 'The state key or prefix {key} cannot be used: {reason}.',
    remedy: 'Use 1 to 512 characters without NUL.',
  },
  STATE_VALUE_INVALID: {
    status: 400,
    message: 'The value for the state key {key} cannot be stored: {reason}.',
    remedy: 'Store JSON of at most 1 MB; keep larger things in tables of the plugin.',
  },
  STATE_CONFLICT: {
    status: 409,
    message: 'The state key {key} is at version {version}, not at {expected}.',
    remedy: 'Read the entry again, apply the change to it and write with its version.',
  },
  AUDIT_INVALID: {
    status: 400,
    message: 'The audit entry cannot be written: {reason}.',
    remedy:
      'Name an action as `noun.past`, a subject type and a subject id, and give plain JSON before and after.',
  },
  SHUTTING_DOWN: {
    status: 503,
    message: 'The appliance is stopping.',
    remedy: 'Try again in a few seconds.',
  },
  PROVIDER_NOT_INSTALLED: {
    status: 503,
    message: 'The provider {provider} of {plugin} is not installed; installed: {installed}.',
    remedy:
      "Name an installed provider in the client's YAML, or install the plugin version that brings this one.",
  },
  PLUGIN_CONFIG_INVALID: {
    status: 503,
    message: 'The configuration of {plugin} does not fit: {list}.',
    remedy: "Correct these keys in the client's YAML; docs/reference/configuration.md describes them.",
  },
  PLUGIN_RELOAD_FAILED: {
    status: 503,
    message: 'A new generation of {plugin} did not become ready: {reason}',
    remedy: 'The one before it serves on; correct what the reason names, and the next try comes by itself.',
  },
  PLUGIN_RELOAD_REFUSED: {
    status: 503,
    message: 'No new generation of {plugin} is made: {reason}.',
    remedy: 'Try again once it serves: GET /api/v1/system/plugins/{plugin}.',
  },
  CHANGE_SUPERSEDED: {
    status: 409,
    message: 'Before the change of {plugin} was in effect, {source} switched it {desired}.',
    remedy:
      'Ask again if it is still wanted; GET /api/v1/system/flags/plugin.{plugin}/explain shows who decides.',
  },
  PLUGIN_NOT_OFF: {
    status: 409,
    message: '{plugin} is {state} and cannot be purged.',
    remedy: 'Switch it off and wait until nothing of it is draining: GET /api/v1/system/plugins/{plugin}.',
  },
  PURGE_NOT_CONFIRMED: {
    status: 400,
    message: 'The body does not repeat the name {plugin}; nothing was deleted.',
    remedy: 'Send {"confirm": "{plugin}"} if all data of that plugin are to be deleted for good.',
  },
  ROLLBACK_IMPOSSIBLE: {
    status: 409,
    message: 'No earlier version of {plugin} is at hand.',
    remedy: 'Put the packed file of the version to go back to into one of plugins.paths, then try again.',
  },
  ROLLBACK_REFUSED: {
    status: 409,
    message:
      '{plugin} {version} cannot run on the data as they are now; the oldest version that can is {floor}.',
    remedy: 'Stay at this version, or restore a backup made before the upgrade.',
  },
  FLAG_NAME_INVALID: {
    status: 400,
    message: '{name} is not a name for a flag.',
    remedy: 'Use lower-case words of letters, digits, - or _ joined by dots, at most 100 characters.',
  },
  FLAG_NOT_FOUND: {
    status: 404,
    message: 'No flag is named {name}: no plugin asks for it, and nothing has set it.',
    remedy: 'Use one of GET /api/v1/system/flags; `details.nearest` holds the names most like it.',
  },
  FLAG_OVERRIDDEN: {
    status: 409,
    message: 'The flag {name} is decided by {source}; this change would have no effect.',
    remedy: 'Remove that override first; GET /api/v1/system/flags/{name} shows every source.',
  },
  HOST_NOT_ALLOWED: {
    status: 502,
    message: 'The capability {plugin} may not call {host}.',
    remedy:
      "The host must be in the plugin's manifest and in the client's YAML under plugins.hosts.{plugin}.",
  },
  ADDRESS_UNAVAILABLE: {
    status: 503,
    message: 'Nobody can be served at {address}: {reason}.',
    remedy: 'Stop what uses that address, or choose another one with --host and --port.',
  },
  CERTIFICATE_UNUSABLE: {
    status: 503,
    message: 'TLS cannot be spoken with {file}: {reason}.',
    remedy:
      'server.tls.cert must name a certificate in PEM with its chain, and server.tls.key its key, both readable here.',
  },
  KEPT_FILE_UNUSABLE: {
    status: 500,
    message: 'The file {file} {fault}.',
    remedy: '{hint}',
  },
  DEPENDENCY_UNAVAILABLE: {
    status: 503,
    message: 'The {dependency} has failed repeatedly and is left alone for a while.',
    remedy: 'Try again after the time in Retry-After; if it stays, check that dependency.',
  },
  DEPENDENCY_BUSY: {
    status: 503,
    message: 'Too many calls wait for the {dependency}.',
    remedy: 'Try again after the time in Retry-After.',
  },
  DEPENDENCY_TIMEOUT: {
    status: 504,
    message: 'The {dependency} did not answer within {timeoutMs} ms.',
    remedy: 'Try again; if it stays, check that dependency.',
  },
  WEBHOOK_NOT_FOUND: {
    status: 404,
    message: 'No webhook has the id {id}.',
    remedy: 'List the webhooks: GET /api/v1/system/webhooks.',
  },
  WEBHOOK_LIMIT: {
    status: 409,
    message: 'There are {limit} webhooks already, which is the most there can be.',
    remedy: 'Delete one that is not needed, or give an existing one more patterns.',
  },
  WEBHOOK_HOST_NOT_ALLOWED: {
    status: 422,
    message: "No webhook may be sent to {host}: the client's YAML does not name it.",
    remedy: 'Add the host to webhooks.allowed_hosts, with its port unless that is the default one.',
  },
  WEBHOOK_SCHEME_NOT_ALLOWED: {
    status: 422,
    message: 'No webhook may be sent by {scheme}.',
    remedy: 'Use an https address; http is possible with webhooks.allow_http: true.',
  },
  WEBHOOK_ADDRESS_REFUSED: {
    status: 422,
    message: '{host} leads to {address}, which is not an address of the public internet.',
    remedy: "If it is meant, add its network to webhooks.allowed_networks of the client's YAML.",
  },
  WEBHOOK_DELIVERY_NOT_FOUND: {
    status: 404,
    message: 'The webhook has no delivery {id}.',
    remedy: 'List its deliveries; ended ones are forgotten after webhooks.retention_days.',
  },
  WEBHOOK_EVENT_GONE: {
    status: 409,
    message: 'The event of the delivery {id} is no longer in the history and cannot be sent again.',
    remedy: 'Events are kept for events.retention_days; fetch the record itself instead.',
  },
  INTERNAL_ERROR: {
    status: 500,
    message: 'The appliance made a mistake; it is logged under the request id.',
    remedy: 'Give the request id to your administrator.',
  },
} as const;

/** Creates an error of the core's table. */
export const coreError = defineErrors(coreErrors);

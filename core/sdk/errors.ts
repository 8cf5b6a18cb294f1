/** One row of a package's error table: what a caller sees when this error leaves the appliance. */
export interface ErrorDefinition {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** Message template; `{name}` is replaced by the detail of that name. */
  readonly message: string;
  /** What the reader can do about it, one sentence. */
  readonly remedy: string;
}

/** A package's error table, keyed by code (`CONTACT_NOT_FOUND`). */
export type ErrorTable = Readonly<Record<string, ErrorDefinition>>;

/** One faulty place in an input. */
export interface Fault {
  /** JSON pointer or YAML path of the faulty value; empty for the whole input. */
  readonly path: string;
  /** What is wrong with it and what was expected. */
  readonly message: string;
}

/** Values for the template, shown to the caller; never put a secret here. */
export type ErrorDetails = Readonly<Record<string, unknown>> & { readonly faults?: readonly Fault[] };

/** What an `AppError` is made of; a table's factory gives all of it but details and cause. */
export interface AppErrorOptions {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly remedy: string;
  readonly details?: ErrorDetails | undefined;
  readonly cause?: unknown;
}

/** An error with a code, an HTTP status and a remedy; everything that crosses a border is one of these. */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  readonly remedy: string;
  readonly details: ErrorDetails;

  constructor(options: AppErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = options.code;
    this.status = options.status;
    this.remedy = options.remedy;
    this.details = options.details ?? {};
  }
}

/** Whether something thrown is an `AppError`, also one of another copy of the SDK in a plugin's own `node_modules`. */
export function isAppError(thrown: unknown): thrown is AppError {
  if (thrown instanceof AppError) return true;
  if (!(thrown instanceof Error) || thrown.name !== 'AppError') return false;
  return 'code' in thrown && 'status' in thrown && 'remedy' in thrown && 'details' in thrown;
}

/** Errors that the core and every plugin answer with alike; part of the core's table. */
export const sharedErrors = {
  VALIDATION_FAILED: {
    status: 400,
    message: 'The request has faulty fields.',
    remedy: 'Correct each field that `faults` names and send the request again.',
  },
  /** `details.current` is the record as it is now. */
  VERSION_MISMATCH: {
    status: 412,
    message: 'The record is at version {version}, not at the version that If-Match names.',
    remedy: 'Look at `details.current`, apply the change to it and send its ETag in If-Match.',
  },
  PRECONDITION_REQUIRED: {
    status: 428,
    message: 'The request does not say which version of the record it changes.',
    remedy: 'Read the record and send its ETag in the header If-Match; `If-Match: *` changes any version.',
  },
} as const satisfies ErrorTable;

/** The error for input with faulty fields: `VALIDATION_FAILED`, 400, naming each of them. */
export function validationFailed(faults: readonly Fault[], cause?: unknown): AppError {
  return defineErrors(sharedErrors)('VALIDATION_FAILED', { faults }, cause);
}

/** Creates errors of one table: `fail('CONTACT_NOT_FOUND', { id })`. */
export type ErrorFactory<Table extends ErrorTable> = (
  code: keyof Table & string,
  details?: ErrorDetails,
  cause?: unknown,
) => AppError;

/**
 * Turns an error table into the function that creates its errors.
 * The remedy and the message are filled from `details`; a missing detail stays visible as `{name}`.
 */
export function defineErrors<const Table extends ErrorTable>(table: Table): ErrorFactory<Table> {
  return (code, details, cause) => {
    const definition = table[code];
    if (definition === undefined) throw new TypeError(`error code ${code} is not in the table`);
    return new AppError({
      code,
      status: definition.status,
      message: fill(definition.message, details),
      remedy: fill(definition.remedy, details),
      details,
      cause,
    });
  };
}

function fill(template: string, details: ErrorDetails | undefined): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = details?.[name];
    if (value === undefined) return whole;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

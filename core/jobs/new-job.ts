import { createId } from '@orchestrall/sdk';
import type { EnqueueOptions, Fault, JobDefinition } from '@orchestrall/sdk';
import Value from 'typebox/value';
import { jsonText } from '../database/json-text.ts';
import { coreError } from '../errors.ts';
import { currentScope } from '../telemetry/scope.ts';

/** A job that is about to be stored, as `core.enqueue_jobs` takes it. */
export interface NewJob {
  /** UUIDv7. */
  readonly id: string;
  readonly name: string;
  readonly priority: number;
  /** RFC 3339, or null for now by the database's clock. */
  readonly run_at: string | null;
  readonly unique_key: string | null;
  readonly payload: unknown;
  readonly scope: JobScope;
}

/** On whose behalf a job was enqueued; its run continues that scope. */
export interface JobScope {
  readonly correlation_id?: string;
  readonly traceparent?: string;
  readonly remote_address?: string;
  readonly caller?: {
    readonly id: string;
    readonly kind: string;
    readonly name: string;
    readonly roles: readonly string[];
    readonly teams: readonly string[];
    readonly leads: readonly string[];
  };
}

/** Largest payload and largest checkpoint, bytes of JSON. */
export const maxPayloadBytes = 1_048_576;

const namePattern = /^[a-z][a-z0-9_.-]{0,63}$/;

/** Why a text cannot name a job or a schedule; undefined when it can. */
export function nameFault(name: string): string | undefined {
  if (namePattern.test(name)) return undefined;
  return 'its name is not 1 to 64 lower case letters, digits, `_`, `.` and `-` that begin with a letter';
}

/** Refuses a name of a job that is not lower case, 1 to 64 characters. Throws `JOB_INVALID`. */
export function checkJobName(name: string): void {
  const reason = nameFault(name);
  if (reason !== undefined) throw coreError('JOB_INVALID', { name, reason });
}

/**
 * Checks a job and gives it an id and the current scope. `runAt` in the past means now.
 * Throws `JOB_INVALID` naming each faulty field.
 */
export function newJob(definition: JobDefinition, payload: unknown, options: EnqueueOptions = {}): NewJob {
  const { name } = definition;
  checkJobName(name);
  const faults = [...payloadFaults(definition, payload), ...optionFaults(options)];
  if (faults.length > 0) {
    const reason = faults.map((fault) => `${fault.path || 'payload'} ${fault.message}`).join('; ');
    throw coreError('JOB_INVALID', { name, reason, faults });
  }
  return {
    id: createId(),
    name,
    priority: options.priority ?? 1,
    run_at: options.runAt?.toISOString() ?? null,
    unique_key: options.uniqueKey ?? null,
    payload,
    scope: scopeOfNow(),
  };
}

/** The job of one fire of a schedule, whose payload was checked when it was declared. */
export function newScheduledJob(name: string, payload: unknown): NewJob {
  return { id: createId(), name, priority: 1, run_at: null, unique_key: null, payload, scope: {} };
}

/** What is wrong with a payload; empty when it fits its definition. */
export function payloadFaults(definition: JobDefinition, payload: unknown): Fault[] {
  const faults: Fault[] = Value.Errors(definition.payload, payload).map((error) => ({
    path: `/payload${error.instancePath}`,
    message: error.message,
  }));
  if (faults.length > 0) return faults;
  const json = jsonText(payload, maxPayloadBytes);
  return 'problem' in json ? [{ path: '/payload', message: json.problem }] : [];
}

function optionFaults({ priority, runAt, uniqueKey }: EnqueueOptions): Fault[] {
  const faults: Fault[] = [];
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 9)) {
    faults.push({ path: '/options/priority', message: 'must be a whole number from 0 to 9' });
  }
  // JavaScript writes other years with a sign and six digits, which PostgreSQL does not read.
  const year = runAt?.getUTCFullYear() ?? 1;
  if (!(year >= 1 && year <= 9999)) {
    faults.push({ path: '/options/runAt', message: 'must be a valid date of the years 1 to 9999' });
  }
  if (uniqueKey !== undefined && !isStorableKey(uniqueKey)) {
    const message = 'must be 1 to 512 characters without NUL and without half of a surrogate pair';
    faults.push({ path: '/options/uniqueKey', message });
  }
  return faults;
}

function isStorableKey(key: string): boolean {
  return key.length >= 1 && key.length <= 512 && !key.includes('\0') && key.isWellFormed();
}

function scopeOfNow(): JobScope {
  const { correlationId, traceparent, remoteAddress, caller } = currentScope();
  return {
    ...(correlationId !== undefined && { correlation_id: correlationId }),
    ...(traceparent !== undefined && { traceparent }),
    ...(remoteAddress !== undefined && { remote_address: remoteAddress }),
    ...(caller !== undefined && {
      caller: {
        id: caller.id,
        kind: caller.kind,
        name: caller.name,
        roles: caller.roles,
        teams: caller.teams,
        leads: caller.leads,
      },
    }),
  };
}

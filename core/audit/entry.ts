import { createId } from '@orchestrall/sdk';
import type { AuditEntry, Statement } from '@orchestrall/sdk';
import { coreError } from '../errors.ts';
import { currentScope } from '../telemetry/scope.ts';
import { maskRecord } from './record.ts';

/** An entry as it is stored; `at` is the database's to say. */
export interface NewAuditEntry {
  /** UUIDv7, so that entries sort by time. */
  readonly id: string;
  readonly plugin: string;
  readonly action: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly actor_kind: 'user' | 'service' | 'system';
  readonly actor_id: string;
  readonly actor_name: string;
  readonly remote_address: string | null;
  readonly correlation_id: string | null;
}

const actionPattern = /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+$/;

/**
 * Adds who, from where and why to what a plugin says, and masks it. Without a caller the plugin itself is the actor,
 * kind `system`. Throws `AUDIT_INVALID`.
 */
export function newAuditEntry(plugin: string, entry: AuditEntry): NewAuditEntry {
  const { action, subjectType, subjectId, before, after } = entry;
  if (!actionPattern.test(action) || action.length > 128)
    refuse(`the action \`${action}\` is not \`noun.past\``);
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(subjectType))
    refuse(`the subject type \`${subjectType}\` is not a word`);
  if (
    subjectId.length < 1 ||
    subjectId.length > 256 ||
    subjectId.includes('\0') ||
    !subjectId.isWellFormed()
  ) {
    refuse('the subject id is not 1 to 256 characters, without NUL and half surrogate pairs');
  }
  const { caller, remoteAddress, correlationId } = currentScope();
  return {
    id: createId(),
    plugin,
    action,
    subject_type: subjectType,
    subject_id: subjectId,
    before: before === undefined ? null : maskRecord(before),
    after: after === undefined ? null : maskRecord(after),
    actor_kind: caller?.kind ?? 'system',
    actor_id: caller?.id ?? plugin,
    actor_name: caller?.name ?? plugin,
    remote_address: remoteAddress ?? null,
    correlation_id: correlationId ?? null,
  };
}

/** SQL that stores entries; run as the core. */
export function auditStatement(entries: readonly NewAuditEntry[]): Statement {
  return { sql: insertEntries, parameters: [JSON.stringify(entries)] };
}

const columns = `id, plugin, action, subject_type, subject_id, before, after, actor_kind, actor_id, actor_name,
  remote_address, correlation_id`;

const insertEntries = `
insert into core.audit_entries (${columns})
select ${columns}
from jsonb_to_recordset($1::jsonb) as entry (
  id uuid, plugin text, action text, subject_type text, subject_id text, before jsonb, after jsonb, actor_kind text,
  actor_id text, actor_name text, remote_address text, correlation_id text
)`;

function refuse(reason: string): never {
  throw coreError('AUDIT_INVALID', { reason });
}

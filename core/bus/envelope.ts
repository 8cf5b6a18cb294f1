import type { EmitOptions, Event, EventDefinition } from '@orchestrall/sdk';
import { jsonText } from '../database/json-text.ts';
import { currentScope } from '../telemetry/scope.ts';
import { busError } from './errors.ts';
import type { EventStamp } from './event-id.ts';
import { dataCheck } from './validation.ts';

/** An event on its way to the outbox: validated and frozen as text, so that later changes of its data do not count. */
export interface OutgoingEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | undefined;
  /** The data as JSON text. */
  readonly data: string;
  readonly correlationId: string | undefined;
  readonly traceparent: string | undefined;
  readonly visibleTo: readonly string[] | undefined;
}

/** An event with its place in the history and who may see it. */
export interface StampedEvent {
  readonly position: number;
  readonly event: Event & { readonly position: number };
  /** Principals that may see it, see `EmitOptions`; null: every signed-in caller. */
  readonly visibleTo: readonly string[] | null;
}

/** A row of `core.events` as the relay and the history return it; `time` is RFC 3339 text. */
export interface EventRow {
  readonly position: number;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
  readonly time: string;
  readonly data: unknown;
  readonly correlation_id: string | null;
  readonly traceparent: string | null;
  readonly visible_to: readonly string[] | null;
}

/**
 * Longest subject, characters. Subjects are indexed: one that no index can hold would pass the outbox and then keep
 * every event behind it from its position.
 */
const maxSubjectCharacters = 512;

/** Most bytes of an event's data as JSON: the last some thousand events are kept in memory by every replica. */
const maxDataBytes = 1_048_576;

/** Most principals of an event, and characters of one: readers compare each event with their own. */
const maxPrincipals = 1_000;
const maxPrincipalCharacters = 512;

/** Validates an event and takes its text. Throws `EVENT_INVALID` (422). */
export function toOutgoing(
  source: string,
  stamp: EventStamp,
  definition: EventDefinition,
  data: unknown,
  options: EmitOptions | undefined,
): OutgoingEvent {
  dataCheck(definition)(data);
  checkSubject(definition, options?.subject);
  checkPrincipals(definition, options?.visibleTo);
  // Events are written together: what PostgreSQL refuses of one would be refused of all.
  const json = jsonText(data ?? null, maxDataBytes);
  if ('problem' in json) throw invalid(definition, '/data', `cannot be stored: ${json.problem}`);
  const scope = currentScope();
  return {
    id: stamp.id,
    source,
    type: definition.type,
    subject: options?.subject,
    data: json.text,
    correlationId: scope.correlationId,
    traceparent: scope.traceparent,
    visibleTo: options?.visibleTo,
  };
}

function checkSubject(definition: EventDefinition, subject: string | undefined): void {
  if (subject === undefined) return;
  const refuse = (message: string): never => {
    throw invalid(definition, '/subject', message);
  };
  if (subject === '') refuse('must not be empty; leave it out when there is none');
  if (subject.length > maxSubjectCharacters) refuse(`must have at most ${maxSubjectCharacters} characters`);
  if (!isStorableText(subject)) refuse('must not contain NUL or half of a surrogate pair');
}

function checkPrincipals(definition: EventDefinition, principals: unknown): void {
  if (principals === undefined) return;
  if (!Array.isArray(principals) || principals.length > maxPrincipals) {
    throw invalid(
      definition,
      '/visibleTo',
      `must be a list of at most ${maxPrincipals} roles, users and teams`,
    );
  }
  const faulty = principals.findIndex((principal) => !isPrincipal(principal));
  if (faulty < 0) return;
  const message = `must be a role, user:<id>, team:<id> or lead:<id>, these also behind a role and @, of at most ${maxPrincipalCharacters} characters, without NUL or half of a surrogate pair`;
  throw invalid(definition, `/visibleTo/${faulty}`, message);
}

function isPrincipal(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > maxPrincipalCharacters || !isStorableText(value))
    return false;
  // A role has no colon, so that a kind that is none of ours is a mistake and not a role that nobody has.
  return /^(?:[^:@]+|(?:[^:@]+@)?(?:user|team|lead):[^]+)$/.test(value);
}

function isStorableText(text: unknown): boolean {
  return typeof text === 'string' && !text.includes('\0') && text.isWellFormed();
}

function invalid({ type }: EventDefinition, path: string, message: string): Error {
  return busError('EVENT_INVALID', { type, faults: [{ path, message }] });
}

/** Events as the one JSON parameter of `core.emit_events`. */
export function toParameter(events: readonly OutgoingEvent[]): string {
  const rows = events.map((event) => {
    const head = JSON.stringify({
      id: event.id,
      source: event.source,
      type: event.type,
      subject: event.subject,
      correlation_id: event.correlationId,
      traceparent: event.traceparent,
      visible_to: event.visibleTo,
    });
    return `${head.slice(0, -1)},"data":${event.data}}`;
  });
  return `[${rows.join(',')}]`;
}

/** The envelope of an event that is not stored. Throws `EVENT_INVALID` (422). */
export function toBroadcast(
  source: string,
  stamp: EventStamp,
  definition: EventDefinition,
  data: unknown,
  options: EmitOptions | undefined,
): Event {
  dataCheck(definition)(data);
  checkSubject(definition, options?.subject);
  checkPrincipals(definition, options?.visibleTo);
  const scope = currentScope();
  const event: { -readonly [Key in keyof Event]: Event[Key] } = {
    specversion: '1.0',
    id: stamp.id,
    source,
    type: definition.type,
    time: stamp.time,
    datacontenttype: 'application/json',
    data,
  };
  if (options?.subject !== undefined) event.subject = options.subject;
  if (scope.correlationId !== undefined) event.correlationid = scope.correlationId;
  if (scope.traceparent !== undefined) event.traceparent = scope.traceparent;
  return event;
}

/** The envelope of a stored row. */
export function fromRow(row: EventRow): StampedEvent {
  const event: { -readonly [Key in keyof Event]: Event[Key] } & { position: number } = {
    specversion: '1.0',
    id: row.id,
    source: row.source,
    type: row.type,
    time: row.time,
    datacontenttype: 'application/json',
    data: row.data,
    position: row.position,
  };
  if (row.subject !== null) event.subject = row.subject;
  if (row.correlation_id !== null) event.correlationid = row.correlation_id;
  if (row.traceparent !== null) event.traceparent = row.traceparent;
  return { position: row.position, event, visibleTo: row.visible_to };
}

/** What orders deliveries: events of one key reach a subscription one after the other. */
export function keyOf(event: Event): string {
  return event.subject ?? event.type;
}

/** Whether a caller who is and holds these principals may see an event. */
export function isVisible(visibleTo: readonly string[] | null, principals: ReadonlySet<string>): boolean {
  return visibleTo === null || visibleTo.some((principal) => principals.has(principal));
}

import type { Static, TSchema } from 'typebox';

/**
 * An event type with the schema of its data; the typed handle by which it is emitted and subscribed to.
 * `type` is `noun.past` (`contact.created`), lower case, words of a segment joined by `_`.
 */
export interface EventDefinition<Type extends string = string, Schema extends TSchema = TSchema> {
  readonly type: Type;
  readonly data: Schema;
}

/** Declares an event; put the result into `contract.ts` so that others can subscribe with types. */
export function defineEvent<const Type extends string, Schema extends TSchema>(
  type: Type,
  data: Schema,
): EventDefinition<Type, Schema> {
  return { type, data };
}

/**
 * A CloudEvents 1.0 envelope as it is stored, delivered and streamed (JSON format, attribute names as in
 * the specification: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
 */
export interface Event<Data = unknown> {
  readonly specversion: '1.0';
  /** UUIDv7; with `source` it identifies the event. */
  readonly id: string;
  /** `/plugins/<name>` or `/core/<room>`. */
  readonly source: string;
  /** `noun.past`. */
  readonly type: string;
  /** What the event is about, usually a record's id; also the ordering key. */
  readonly subject?: string;
  /** RFC 3339, UTC, milliseconds; by the database's clock for stored events. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Data;
  /** Place in the appliance's one history, ascending without gaps; absent on broadcasts. */
  readonly position?: number;
  /** Id of the request, job or event that this one follows from. */
  readonly correlationid?: string;
  /** W3C trace context of the emitter. */
  readonly traceparent?: string;
}

/** The envelope of one definition. */
export type EventOf<Definition extends EventDefinition> = Event<Static<Definition['data']>>;

/** What an emitter gives besides type and data, of which the JSON has 1 MiB at most. */
export interface EmitOptions {
  /** What the event is about, 1 to 512 characters; events of one subject reach each subscription in order. */
  readonly subject?: string;
  /**
   * Who may see it on streams and in the history, by any one of these: a role (`operator`), a person (`user:<id>`), a
   * team (`team:<id>`), whoever leads one (`lead:<id>`), or those of them who have a role's rights
   * (`operator@team:<id>`); 1,000 at most. Default: every signed-in caller. `admin` includes the other roles, and no user
   * or team: name `admin` too where administrators are to see it.
   */
  readonly visibleTo?: readonly string[];
}

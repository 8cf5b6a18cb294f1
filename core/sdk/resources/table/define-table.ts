import Type from 'typebox';
import type { TObject } from 'typebox';
import type { Transaction } from '../../database.ts';
import { defineEvent } from '../../events.ts';
import type { EventDefinition } from '../../events.ts';
import { inputsOf, schemasOf } from '../fields/field.ts';
import type { FieldSet } from '../fields/field.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import { Id, bookkeeping } from '../fields/schemas.ts';
import type { Kept } from '../fields/schemas.ts';
import type { Resource } from '../routes/resource.ts';

/** A plain resource: a table of the plugin's own, and nothing to decide beside its fields. */
export interface TableDefinition extends Omit<Resource, 'record' | 'input' | 'patch' | 'filters'> {
  /**
   * Has the columns `id uuid primary key`, one for each field (and its `folded` one), and with defaults `created_at` and
   * `updated_at timestamptz(3) not null default now()`, `version integer not null default 1`.
   */
  readonly table: string;
  /** Names of lower-case letters, digits and `_`, none that the appliance or a filter uses itself. */
  readonly fields: FieldSet;
  /** Refuses a change by throwing an `AppError`; called in its transaction, before anything is written. */
  readonly allow?: Allow;
}

/** A change of a plain resource that is about to be written. */
export interface TableChange {
  /** The record, locked; absent when it is created. */
  readonly before?: Kept<JsonObject>;
  /** The fields it shall have; absent when it is deleted. */
  readonly after?: JsonObject;
}

/** What a plain resource has to say against a change. */
export type Allow = (tx: Transaction, change: TableChange) => Promise<void>;

/** What becomes of its records is told by these events; name them in the manifest's `emits` or contract. */
export interface TableEvents {
  readonly created: EventDefinition;
  readonly updated: EventDefinition;
  readonly deleted: EventDefinition;
}

/** A plain resource with what follows from its declaration. */
export interface TableResource extends Resource {
  readonly table: string;
  readonly fields: FieldSet;
  readonly allow?: Allow;
  readonly events: TableEvents;
}

/**
 * Declares a plain resource: its routes, schemas, events (`place.created`, `place.updated`, `place.deleted`, each with
 * the record under its name) and audit entries follow from its fields. Throws a `TypeError` for a field's name that is
 * taken or malformed.
 */
export function defineTable(definition: TableDefinition): TableResource {
  const { name, fields } = definition;
  checkNames(fields);
  const title = name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  const record = Type.Object({ id: Id, ...schemasOf(fields), ...bookkeeping }, { title });
  const input = Type.Object(inputsOf(fields), { title: `${title}Input`, additionalProperties: false });
  return { ...definition, record, input, events: eventsOf(name, record) };
}

/** Kept by the appliance itself, or words of a filter. */
const taken = new Set(['id', 'created_at', 'updated_at', 'version', 'and', 'or', 'not']);

function checkNames(fields: FieldSet): void {
  for (const name of Object.keys(fields)) {
    if (taken.has(name)) throw new TypeError(`the name ${name} is taken; call the field otherwise`);
    if (!/^[a-z][a-z0-9_]*$/.test(name))
      throw new TypeError(`${name} is not the name of a field, such as opened_on`);
  }
}

function eventsOf(name: string, record: TObject): TableEvents {
  const changed = Type.Array(Type.String(), { description: 'Names of the fields that changed.' });
  return {
    created: defineEvent(`${name}.created`, Type.Object({ [name]: record })),
    updated: defineEvent(`${name}.updated`, Type.Object({ [name]: record, changed })),
    deleted: defineEvent(`${name}.deleted`, Type.Object({ [name]: record })),
  };
}

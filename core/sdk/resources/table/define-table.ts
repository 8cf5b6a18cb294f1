import Type from 'typebox';
import type { TObject } from 'typebox';
import { defineEvent } from '../../events.ts';
import type { EventDefinition } from '../../events.ts';
import { inputsOf, schemasOf } from '../fields/field.ts';
import type { FieldSet } from '../fields/field.ts';
import { Id, bookkeeping } from '../fields/schemas.ts';
import type { Resource } from '../routes/resource.ts';

/** A plain resource: a table of the plugin's own, and nothing to decide beside its fields. */
export interface TableDefinition extends Omit<
  Resource,
  'record' | 'input' | 'patch' | 'includes' | 'filters'
> {
  /** Has the columns `id uuid primary key`, one for each field, `created_at`, `updated_at timestamptz(3) not null`, `version integer not null`. */
  readonly table: string;
  readonly fields: FieldSet;
}

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
  readonly events: TableEvents;
}

/**
 * Declares a plain resource: its routes, schemas, events (`place.created`, `place.updated`, `place.deleted`, each with
 * the record under its name) and audit entries follow from its fields.
 */
export function defineTable(definition: TableDefinition): TableResource {
  const { name, fields } = definition;
  const title = name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  const record = Type.Object({ id: Id, ...schemasOf(fields), ...bookkeeping }, { title });
  const input = Type.Object(inputsOf(fields), { title: `${title}Input`, additionalProperties: false });
  return { ...definition, record, input, events: eventsOf(name, record) };
}

function eventsOf(name: string, record: TObject): TableEvents {
  const changed = Type.Array(Type.String(), { description: 'Names of the fields that changed.' });
  return {
    created: defineEvent(`${name}.created`, Type.Object({ [name]: record })),
    updated: defineEvent(`${name}.updated`, Type.Object({ [name]: record, changed })),
    deleted: defineEvent(`${name}.deleted`, Type.Object({ [name]: record })),
  };
}

import { Id, bookkeeping, inputsOf, schemasOf } from '@orchestrall/sdk/resources';
import type { FieldSet } from '@orchestrall/sdk/resources';
import Type from 'typebox';

/** The schema of a whole record with these fields. */
export function recordSchema(title: string, fields: FieldSet) {
  return Type.Object({ id: Id, ...schemasOf(fields), ...bookkeeping }, { title });
}

/** The schema of what a record with these fields is created with. */
export function inputSchema(title: string, fields: FieldSet) {
  return Type.Object(inputsOf(fields), { title, additionalProperties: false });
}

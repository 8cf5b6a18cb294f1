import { Secret } from '@orchestrall/sdk';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** Whether a value that was read by a schema fits it, secrets counted as the texts they are. */
export function isFitting<Schema extends TSchema>(schema: Schema, value: unknown): value is Static<Schema> {
  return Value.Check(schema, revealed(value));
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealed(item)]));
}

import { isIP } from 'node:net';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { revealed } from '../secrets/revealed.ts';
import { schemaNode } from './schema-node.ts';

/** Whether a value that is neither mapping nor list fits a schema, our own checks included. */
export function fits(schema: TSchema, value: unknown): boolean {
  if (!Value.Check(schema, value)) return false;
  return schemaNode(schema)['x-check'] !== 'cidr' || (typeof value === 'string' && isCidr(value));
}

/** Whether a text is a network: an address, `/`, and a prefix of at least one bit. */
export function isCidr(text: string): boolean {
  const [, address, prefix] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  if (address === undefined || prefix === undefined) return false;
  const family = isIP(address);
  return family !== 0 && Number(prefix) >= 1 && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** Whether a value that was read by a schema fits it as a whole, secrets counted as the texts they are. */
export function fitsRevealed<Schema extends TSchema>(
  schema: Schema,
  value: unknown,
): value is Static<Schema> {
  return Value.Check(schema, revealed(value));
}

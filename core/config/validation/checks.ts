import { isIP } from 'node:net';
import { Value } from 'typebox/value';
import type { TSchema } from 'typebox';
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

/** A text from a variable as the type that a schema wants; unchanged where it is not one. */
export function convert(schema: TSchema, text: string): string | number | boolean {
  const node = schemaNode(schema);
  const branches = node.anyOf ?? [schema];
  if (branches.some((branch) => schemaNode(branch).type === 'string' && fits(branch, text))) return text;
  for (const branch of branches) {
    const { type, enum: choices } = schemaNode(branch);
    const boolean = type === 'boolean' ? booleanOf(text) : undefined;
    if (boolean !== undefined) return boolean;
    const numeric =
      type === 'integer' || type === 'number' || choices?.some((choice) => typeof choice === 'number');
    if (numeric === true && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim())) return Number(text);
  }
  return text;
}

/** `true`, `yes`, `on`, `1` and their opposites, in any case; `undefined` for any other text. */
export function booleanOf(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(word)) return true;
  return ['false', 'no', 'off', '0'].includes(word) ? false : undefined;
}

import type { TSchema } from 'typebox';
import { fits } from './fits.ts';
import { schemaNode } from './schema-node.ts';

/** A text from a variable as the type that a schema wants; unchanged where it is not one. */
export function textToValue(schema: TSchema, text: string): string | number | boolean {
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

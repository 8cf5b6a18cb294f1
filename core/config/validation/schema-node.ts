import type { TSchema } from 'typebox';

/** The JSON Schema keywords that the configuration's schemas use, and our own annotations, which begin with `x-`. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly (string | number)[];
  readonly const?: string | number | boolean;
  readonly anyOf?: readonly TSchema[];
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, TSchema>>;
  readonly additionalProperties?: TSchema | boolean;
  readonly items?: TSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string | RegExp;
  readonly format?: string;
  /** Unit of a number: `seconds`, `bytes`. */
  readonly 'x-unit'?: string;
  /** When a change takes effect; holds for all that stands below, default `live` in plugins' sections. */
  readonly 'x-applies'?: 'live' | 'restart';
  /** What is expected, in words, where pattern or check do not speak for themselves. */
  readonly 'x-expected'?: string;
  /** What to do about a wrong value, instead of the general advice. */
  readonly 'x-remedy'?: string;
  /** A text that is handed over as a `Secret`. */
  readonly 'x-secret'?: boolean;
  /** A path, resolved against the folder of the file it stands in. */
  readonly 'x-path'?: boolean;
  /** A check that JSON Schema cannot say. */
  readonly 'x-check'?: 'cidr';
}

/** A schema's keywords; every one is optional, so any schema object is a node. */
export function schemaNode(schema: TSchema): SchemaNode {
  return schema;
}

/** Whether a schema describes a mapping, as properties or as a record. */
export function isMappingSchema(node: SchemaNode): boolean {
  return node.type === 'object' || node.properties !== undefined || node.patternProperties !== undefined;
}

/** What a schema wants, in a person's words. */
export function expectationOf(node: SchemaNode): string {
  if (node['x-expected'] !== undefined) return node['x-expected'];
  const choices = choicesOf(node);
  if (choices !== undefined) return `one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`;
  if (node.anyOf !== undefined) {
    const parts = new Set(node.anyOf.map((branch) => expectationOf(schemaNode(branch))));
    return [...parts].join(', or ');
  }
  if (isMappingSchema(node)) return 'a mapping';
  if (node.type === 'array') return `a list${bounds('items', node.minItems, node.maxItems)}`;
  if (node.type === 'boolean') return '`true` or `false`';
  if (node.type === 'integer' || node.type === 'number') {
    const unit = node['x-unit'] === undefined ? '' : ` of ${node['x-unit']}`;
    const kind = node.type === 'integer' ? 'a whole number' : 'a number';
    return kind + (unit === ' of 0 to 1' ? '' : unit) + bounds('', node.minimum, node.maximum);
  }
  if (node.type === 'string') {
    const shape = node.pattern === undefined ? '' : ` that matches ${String(node.pattern)}`;
    return `text${shape}${bounds('characters', node.minLength, node.maxLength)}`;
  }
  return node.type === 'null' ? 'nothing' : 'a value';
}

/** The values of an enumeration or a union of literals, `undefined` for any other schema. */
export function choicesOf(node: SchemaNode): string[] | undefined {
  if (node.enum !== undefined) return node.enum.map(String);
  if (node.const !== undefined) return [String(node.const)];
  if (node.anyOf === undefined || node.anyOf.length === 0) return undefined;
  const branches = node.anyOf.map((branch) => schemaNode(branch).const);
  return branches.every((branch) => branch !== undefined) ? branches.map(String) : undefined;
}

function bounds(noun: string, low: number | undefined, high: number | undefined): string {
  const unit = noun === '' ? '' : ` ${noun}`;
  if (low !== undefined && high !== undefined) return `, ${low} to ${high}${unit}`;
  if (low !== undefined) return `, at least ${low}${unit}`;
  return high === undefined ? '' : `, at most ${high}${unit}`;
}

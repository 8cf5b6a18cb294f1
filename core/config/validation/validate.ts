import { resolve } from 'node:path';
import { Secret } from '@orchestrall/sdk';
import { Value } from 'typebox/value';
import type { TSchema } from 'typebox';
import { fits } from './fits.ts';
import { textToValue } from './text-to-value.ts';
import { nameOf, reportMissing, reportUnknownKey, reportWrong } from './schema-faults.ts';
import type { Validation } from './schema-faults.ts';
import { choicesOf, expectationOf, isMappingSchema, schemaNode } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { emptyMapping, renderPath, treeOf } from '../source/tree.ts';
import type { MappingNode, Path, Place, ScalarNode, SequenceNode, TreeNode } from '../source/tree.ts';

/**
 * Reads a tree by a schema: fills defaults, converts text from variables, wraps secrets, and reports every fault.
 * Mappings are closed unless the schema says otherwise. The result is only meant for use when nothing was reported.
 */
export function readBySchema(schema: TSchema, node: TreeNode, path: Path, validation: Validation): unknown {
  const shape = schemaNode(schema);
  if (node.kind === 'scalar' && node.unresolved === true) return undefined;
  if (shape.anyOf !== undefined && choicesOf(shape) === undefined)
    return readUnion(shape.anyOf, shape, node, path, validation);
  if (isMappingSchema(shape)) {
    const mapping = node.kind === 'scalar' && node.value === null ? emptyMapping(node.place) : node;
    if (mapping.kind === 'mapping') return readMapping(shape, mapping, path, validation);
  } else if (shape.type === 'array') {
    if (node.kind === 'sequence') return readSequence(shape, node, path, validation);
  } else if (node.kind === 'scalar') return readScalar(schema, shape, node, path, validation);
  else if (shape.type === undefined && choicesOf(shape) === undefined)
    return readFreely(schema, shape, node, path, validation);
  reportWrong(shape, node, path, validation);
  return undefined;
}

function readMapping(shape: SchemaNode, node: MappingNode, path: Path, validation: Validation): unknown {
  const result: Record<string, unknown> = {};
  const properties = shape.properties ?? {};
  for (const [key, entry] of node.entries) {
    const schema = schemaOfKey(shape, key);
    if (schema === undefined)
      reportUnknownKey(Object.keys(properties), shape, key, entry.keyPlace, path, validation);
    else result[key] = readBySchema(schema, entry.node, [...path, key], validation);
  }
  const required = new Set(shape.required);
  for (const [key, schema] of Object.entries(properties)) {
    if (node.entries.has(key)) continue;
    const property = schemaNode(schema);
    if (property.default !== undefined) {
      const place: Place = { file: 'built-in defaults' };
      result[key] = readBySchema(schema, treeOf(property.default, place), [...path, key], validation);
    } else if (required.has(key)) reportMissing(property, node.place, [...path, key], validation);
  }
  return result;
}

/** The schema of one key, `undefined` where the mapping does not know it. */
export function schemaOfKey(shape: SchemaNode, key: string): TSchema | undefined {
  const own = shape.properties !== undefined && Object.hasOwn(shape.properties, key);
  if (own) return shape.properties?.[key];
  for (const [pattern, schema] of Object.entries(shape.patternProperties ?? {}))
    if (new RegExp(pattern).test(key)) return schema;
  if (typeof shape.additionalProperties === 'object') return shape.additionalProperties;
  const open = shape.additionalProperties === true;
  const bare = shape.properties === undefined && shape.patternProperties === undefined;
  return open || (bare && shape.additionalProperties !== false) ? {} : undefined;
}

function readSequence(shape: SchemaNode, node: SequenceNode, path: Path, validation: Validation): unknown {
  // What is too much is not looked at: the list is refused as it is.
  const items = node.items
    .slice(0, shape.maxItems ?? node.items.length)
    .map((item, index) =>
      shape.items === undefined
        ? plainOf(item)
        : readBySchema(shape.items, item, [...path, index], validation),
    );
  const tooFew = shape.minItems !== undefined && items.length < shape.minItems;
  const tooMany = shape.maxItems !== undefined && node.items.length > shape.maxItems;
  const twice = shape.uniqueItems === true && !tooMany && hasDoubled(node);
  if (tooFew || tooMany || twice)
    validation.faults.add({
      code: 'out_of_bounds',
      place: node.place,
      path: nameOf(path, validation),
      message: twice ? 'An item stands twice in the list.' : 'The list has the wrong length.',
      expected: twice ? 'each item once' : expectationOf(shape),
      found: `a list of ${node.items.length}`,
      remedy: twice ? 'Keep one of the two.' : 'Add or remove items.',
    });
  return items;
}

function hasDoubled({ items }: SequenceNode): boolean {
  return new Set(items.map((item) => JSON.stringify(plainOf(item)))).size < items.length;
}

function readScalar(
  schema: TSchema,
  shape: SchemaNode,
  node: ScalarNode,
  path: Path,
  validation: Validation,
): unknown {
  const value =
    node.from !== undefined && typeof node.value === 'string' ? textToValue(schema, node.value) : node.value;
  if (!fits(schema, value)) {
    reportWrong(shape, node, path, validation);
    return undefined;
  }
  if (typeof value !== 'string') return value;
  const secret = shape['x-secret'] === true ? new Secret(value) : undefined;
  if (secret !== undefined || node.secret)
    validation.secrets.add(renderPath(path), secret ?? new Secret(value));
  return secret ?? (shape['x-path'] === true ? resolve(validation.folder, value) : value);
}

function readUnion(
  branches: readonly TSchema[],
  shape: SchemaNode,
  node: TreeNode,
  path: Path,
  validation: Validation,
): unknown {
  const plain = plainOf(node);
  const loose = node.kind === 'scalar' && node.from !== undefined && typeof plain === 'string';
  const value = loose ? textToValue({ anyOf: branches }, plain) : plain;
  const fitting = branches.find((branch) => Value.Check(branch, value));
  const sameKind = branches.filter((branch) => hasKind(schemaNode(branch), node));
  const branch = fitting ?? (sameKind.length === 1 ? sameKind[0] : undefined);
  if (branch !== undefined) return readBySchema(branch, node, path, validation);
  reportWrong(shape, node, path, validation);
  return undefined;
}

function hasKind(shape: SchemaNode, node: TreeNode): boolean {
  if (node.kind === 'mapping') return isMappingSchema(shape);
  if (node.kind === 'sequence') return shape.type === 'array';
  return !isMappingSchema(shape) && shape.type !== 'array';
}

/** A schema that says nothing of mappings and lists (`Type.Unknown()`, `Type.Any()`) takes a value as it is. */
function readFreely(
  schema: TSchema,
  shape: SchemaNode,
  node: TreeNode,
  path: Path,
  validation: Validation,
): unknown {
  const value = plainOf(node, path, validation.secrets);
  if (!Value.Check(schema, value)) reportWrong(shape, node, path, validation);
  return value;
}

/** A tree as a plain value; texts from files of secrets are registered where `secrets` is given. */
function plainOf(node: TreeNode, path: Path = [], secrets?: Secrets): unknown {
  if (node.kind === 'sequence')
    return node.items.map((item, index) => plainOf(item, [...path, index], secrets));
  if (node.kind === 'mapping')
    return Object.fromEntries(
      [...node.entries].map(([key, entry]) => [key, plainOf(entry.node, [...path, key], secrets)]),
    );
  if (node.secret && typeof node.value === 'string') secrets?.add(renderPath(path), new Secret(node.value));
  return node.value;
}

import type { TSchema } from 'typebox';
import { table } from './markdown-table.ts';
import { expectationOf, isMappingSchema, schemaNode } from '../validation/schema-node.ts';
import type { SchemaNode } from '../validation/schema-node.ts';

type Applies = 'live' | 'restart';

interface KeyRow {
  readonly path: string;
  readonly node: SchemaNode;
  /** Whether it must be there, or must be there as soon as the mapping is that holds it. */
  readonly required: 'always' | 'with_parent' | 'never';
  readonly applies: Applies;
}

/** The keys of one section as a Markdown table, nested ones by their path. */
export function keyTable(name: string, schema: TSchema): string {
  const rows = rowsOf(name, schema, 'live', 'always').map(({ path, node, required, applies }) => [
    `\`${path}\``,
    expectationOf(node) + (node['x-secret'] === true ? '; secret' : ''),
    defaultOf(path, node, required),
    applies === 'live' ? 'live' : 'at start',
    aboutOf(node),
  ]);
  return table(['key', 'value', 'default', 'applies', 'meaning'], rows);
}

function rowsOf(path: string, schema: TSchema, inherited: Applies, needed: KeyRow['required']): KeyRow[] {
  const node = schemaNode(schema);
  const applies = node['x-applies'] ?? inherited;
  return Object.entries(node.properties ?? {}).flatMap(([key, property]) => {
    const child = schemaNode(property);
    const at = `${path}.${key}`;
    const demanded = node.required?.includes(key) ?? false;
    if (child.properties !== undefined)
      return rowsOf(at, property, applies, demanded ? needed : 'with_parent');
    const required = demanded && child.default === undefined ? needed : 'never';
    return [{ path: at, node: child, required, applies: child['x-applies'] ?? applies }];
  });
}

function defaultOf(path: string, node: SchemaNode, required: KeyRow['required']): string {
  if (node.default !== undefined) return `\`${JSON.stringify(node.default)}\``;
  if (required === 'with_parent') return `*required* with \`${path.replace(/\.[^.]*$/, '')}\``;
  return required === 'always' ? '*required*' : '';
}

function aboutOf(node: SchemaNode): string {
  const parts = [node.description ?? ''];
  const items = node.items === undefined ? undefined : schemaNode(node.items);
  const [record] = Object.values(node.patternProperties ?? {});
  if (items !== undefined) parts.push(`Each: ${expectationOf(items)}.`);
  if (isMappingSchema(node) && record !== undefined) parts.push(`Each: ${valueOf(schemaNode(record))}.`);
  const example = node.examples?.[0];
  if (example !== undefined)
    parts.push(`Example: \`${typeof example === 'string' ? example : JSON.stringify(example)}\`.`);
  return parts.join(' ');
}

function valueOf(node: SchemaNode): string {
  if (node.items === undefined) return expectationOf(node) + (node['x-secret'] === true ? '; secret' : '');
  return `${expectationOf(node)}, each ${expectationOf(schemaNode(node.items))}`;
}

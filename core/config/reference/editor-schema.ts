import type { TSchema } from 'typebox';
import { CoreSections } from '../configuration.ts';
import { featuresOf, sectionOf } from '../capabilities/installed.ts';
import type { InstalledPlugins } from '../capabilities/installed.ts';
import { alwaysOnFeatures, reservedNames, reservedSections } from '../capabilities/reserved-names.ts';
import { isMappingSchema, schemaNode } from '../validation/schema-node.ts';
import type { SchemaNode } from '../validation/schema-node.ts';
import { FeatureSettings } from '../sections/features.ts';

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Any text with an interpolation in it, which may stand for a value of every kind. */
const interpolated: JsonSchema = { type: 'string', pattern: '\\$\\{' };

/**
 * JSON Schema (2020-12) of a client's YAML for editors: what is required of the file rather than of the loaded
 * configuration, and `${...}` wherever a value may stand.
 */
export function editorSchema(installed: InstalledPlugins = []): JsonSchema {
  const core = Object.entries(CoreSections.properties).map(
    ([name, schema]) => [name, forEditor(schema)] as const,
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Orchestrall client',
    description: 'Configuration of one appliance for one client.',
    type: 'object',
    required: ['client'],
    properties: { ...Object.fromEntries(core), features: features(installed), ...sections(installed) },
    additionalProperties: false,
  };
}

function features(installed: InstalledPlugins): JsonSchema {
  const long = forEditor(FeatureSettings);
  const short = { type: 'boolean' };
  const names = new Set([...reservedNames, ...installed.flatMap(featuresOf)]);
  const switchable = [...names].map((name) => [
    name,
    { description: `Switches the capability \`${name}\`.`, anyOf: [short, long, interpolated] },
  ]);
  const fixed = alwaysOnFeatures.map((name) => [name, { description: 'Always on.', const: true }]);
  return {
    description: 'Which capabilities are on.',
    type: 'object',
    properties: Object.fromEntries([...fixed, ...switchable]),
    additionalProperties: false,
  };
}

function sections(installed: InstalledPlugins): JsonSchema {
  const reserved = reservedSections.map((name) => [
    name,
    { description: `Settings of the capability \`${name}\`.`, type: 'object' },
  ]);
  const own = installed.map((plugin) => [
    sectionOf(plugin),
    plugin.config === undefined ? { type: 'object', maxProperties: 0 } : forEditor(plugin.config),
  ]);
  return Object.fromEntries([...reserved, ...own]);
}

function forEditor(schema: TSchema): JsonSchema {
  const node = schemaNode(schema);
  if (isMappingSchema(node)) return mapping(node);
  const about = described(node);
  if (node.type === 'array')
    return { ...about, ...plain(node), items: node.items === undefined ? {} : forEditor(node.items) };
  const anyText = node.type === 'string' && node.pattern === undefined && node.enum === undefined;
  const judged = plain(node);
  const limited = node.minLength !== undefined && node.minLength > 1;
  if ((anyText && !limited) || Object.keys(judged).length === 0) return { ...about, ...judged };
  return { ...about, anyOf: [judged, interpolated] };
}

function mapping(node: SchemaNode): JsonSchema {
  const properties = Object.entries(node.properties ?? {});
  const required = (node.required ?? []).filter((key) => {
    const property = node.properties?.[key];
    return property !== undefined && schemaNode(property).default === undefined;
  });
  const patterns = Object.entries(node.patternProperties ?? {});
  const result: Record<string, unknown> = { ...described(node), type: 'object' };
  if (required.length > 0) result['required'] = required;
  if (properties.length > 0)
    result['properties'] = Object.fromEntries(properties.map(([key, value]) => [key, forEditor(value)]));
  if (patterns.length > 0)
    result['patternProperties'] = Object.fromEntries(patterns.map(([key, value]) => [key, forEditor(value)]));
  result['additionalProperties'] = openness(node, properties.length + patterns.length > 0);
  return result;
}

function openness(node: SchemaNode, closedByDefault: boolean): unknown {
  if (typeof node.additionalProperties === 'object') return forEditor(node.additionalProperties);
  return node.additionalProperties ?? !closedByDefault;
}

function described(node: SchemaNode): JsonSchema {
  const unit = node['x-unit'] === undefined ? '' : ` In ${node['x-unit']}.`;
  const result: Record<string, unknown> = {};
  if (node.description !== undefined) result['description'] = node.description + unit;
  if (node.default !== undefined && !isMappingSchema(node)) result['default'] = node.default;
  if (node.examples !== undefined) result['examples'] = node.examples;
  return result;
}

const told = new Set(['description', 'default', 'examples', 'items', '~kind']);

/** The keywords that judge a value, without our own. */
function plain(node: SchemaNode): JsonSchema {
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => !told.has(key) && !key.startsWith('x-') && !key.startsWith('~'))
      .map(([key, value]) => [key, key === 'anyOf' && Array.isArray(value) ? value.map(branch) : value]),
  );
}

function branch(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null ? forEditor(schema) : schema;
}

import { CoreSections } from '../configuration.ts';
import { sectionOf } from './installed.ts';
import type { InstalledPlugins } from './installed.ts';
import { schemaNode } from '../validation/schema-node.ts';
import type { SchemaNode } from '../validation/schema-node.ts';
import { schemaOfKey } from '../validation/validate.ts';

/**
 * The schemas that a path leads through, the section's first: as many as the path has keys where the core or an
 * installed plugin knows all of them, fewer where it leads nowhere.
 */
export function schemasAlong(path: readonly string[], installed: InstalledPlugins): SchemaNode[] {
  const [section, ...rest] = path;
  if (section === undefined) return [];
  let schema =
    schemaOfKey(schemaNode(CoreSections), section) ??
    installed.find((plugin) => sectionOf(plugin) === section)?.config;
  const schemas: SchemaNode[] = [];
  for (const key of [...rest, undefined]) {
    if (schema === undefined) break;
    const node = schemaNode(schema);
    schemas.push(node);
    schema = key === undefined ? undefined : schemaOfKey(node, key);
  }
  return schemas;
}

/** Whether the core or an installed plugin has a setting at a path. */
export function knowsPath(path: readonly string[], installed: InstalledPlugins): boolean {
  return path.length > 0 && schemasAlong(path, installed).length === path.length;
}

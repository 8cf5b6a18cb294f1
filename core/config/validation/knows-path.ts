import type { TSchema } from 'typebox';
import { CoreSections } from '../configuration.ts';
import { sectionOf } from '../installed.ts';
import type { InstalledPlugins } from '../installed.ts';
import { schemaNode } from './schema-node.ts';
import { schemaOfKey } from './validate.ts';

/** The schema of a path under a schema, `undefined` where it leads nowhere. */
function schemaAt(schema: TSchema, path: readonly string[]): TSchema | undefined {
  let current: TSchema | undefined = schema;
  for (const key of path) current = current === undefined ? undefined : schemaOfKey(schemaNode(current), key);
  return current;
}

/** Whether the core or an installed plugin has a setting at a path. */
export function knowsPath(path: readonly string[], installed: InstalledPlugins): boolean {
  const [section, ...rest] = path;
  if (section === undefined) return false;
  const core = schemaAt(CoreSections, [section]);
  const plugin = installed.find((candidate) => sectionOf(candidate) === section)?.config;
  const schema = core ?? plugin;
  return schema !== undefined && schemaAt(schema, rest) !== undefined;
}

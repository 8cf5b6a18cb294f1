import { dirname, resolve } from 'node:path';
import { gatherVariables } from './source/environment.ts';
import type { Environment } from './source/environment.ts';
import { FaultList } from './faults.ts';
import { interpolate } from './source/interpolate.ts';
import { readClientFile } from './source/read-file.ts';
import { readYaml } from './source/read-yaml.ts';
import { nodeAt } from './source/tree.ts';

/**
 * The absolute paths under `plugins.paths` of a client's YAML, read before everything else, because only the plugins
 * found there tell which features and sections the rest of the file may have. Faults are left to
 * `loadConfiguration`: what cannot be read has no paths.
 */
export async function readPluginPaths(options: {
  readonly file: string;
  readonly environment: Environment;
}): Promise<string[]> {
  const file = resolve(options.file);
  const folder = dirname(file);
  const faults = new FaultList(new Set());
  const text = await readClientFile(file, faults);
  const tree = text === undefined ? undefined : readYaml(text, file, faults);
  const written = tree === undefined ? undefined : nodeAt(tree, ['plugins', 'paths']);
  if (written === undefined) return [];
  const variables = await gatherVariables(options.environment, folder, faults);
  const found = { variables, folder, faults, used: new Set<string>(), files: new Set<string>() };
  const paths = await interpolate(written, ['plugins', 'paths'], found);
  if (paths.kind !== 'sequence') return [];
  return paths.items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string' ? [resolve(folder, item.value)] : [],
  );
}

import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isAppError } from '@orchestrall/sdk';
import type { PluginDefinition } from '@orchestrall/sdk';
import { packageError, singleFault } from './faults.ts';
import { messageOf } from '../../telemetry/error-message.ts';
import { withTimeLimit } from '../../time-limit.ts';
import { checkDefinition, isDefinition } from './manifest/manifest.ts';
import { describePlugin } from './manifest/document.ts';
import { readMigrations } from './migrations.ts';
import type { PluginPackage } from './package.ts';
import { loadRouteFiles, registerRouteFiles } from './routes.ts';

/** Names of the file that wires a plugin, in the order in which they are looked for. */
const entryNames = ['plugin.ts', 'plugin.js', 'plugin.mjs'];

/** The entry file of a source folder, or undefined when the folder is not a plugin's. */
export async function findEntry(folder: string): Promise<string | undefined> {
  for (const name of entryNames) {
    // A folder that cannot be entered, such as `lost+found`, is nobody's plugin.
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile() === true) return name;
  }
  return undefined;
}

/** The entry file of a plugin's source folder; throws `PLUGIN_INVALID` when there is none. */
export async function requireEntry(folder: string): Promise<string> {
  const entry = await findEntry(folder);
  if (entry !== undefined) return entry;
  const remedy = 'Name the folder that holds plugin.ts.';
  throw singleFault({ file: folder, path: '', message: 'holds no plugin.ts', remedy });
}

/** Longest that the top level of a plugin's module may take, milliseconds; it may wait for something that never comes. */
export const longestImportMs = 30_000;
/** A module that was late once is not waited for again, since its top level runs once a process. */
const lateImportMs = 100;
const late = new Set<string>();

/**
 * Imports the definition of a source folder; runs the module's top level, nothing else, for at most `limitMs`.
 * Throws `PLUGIN_INVALID` when there is none, it throws or does not end, or its manifest has faults.
 */
export async function importDefinition(folder: string, limitMs = longestImportMs): Promise<PluginDefinition> {
  const entry = await requireEntry(folder);
  const url = pathToFileURL(join(folder, entry)).href;
  const fault = (message: string, thrown: unknown): Error =>
    singleFault({ file: folder, path: entry, message, remedy: 'Correct it and start again.' }, thrown);
  const loaded = await withTimeLimit(
    late.has(url) ? lateImportMs : limitMs,
    `its top level has not ended within ${limitMs} ms`,
    async (): Promise<unknown> =>
      import(url).catch((thrown: unknown) => {
        throw fault(`throws when it is imported: ${messageOf(thrown)}`, thrown);
      }),
  ).catch((thrown: unknown) => {
    if (isAppError(thrown)) throw thrown;
    late.add(url);
    throw fault(messageOf(thrown), thrown);
  });
  return validDefinition(folder, loaded, 'Then start again, since a module is read once a process.');
}

/**
 * The default export of a loaded module as a definition without faults; throws `PLUGIN_INVALID` otherwise, with what is
 * to be done after a correction as the end of each remedy.
 */
export function validDefinition(file: string, loaded: unknown, afterwards?: string): PluginDefinition {
  const definition: unknown =
    typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
  if (isDefinition(definition)) return definition;
  throw packageError(
    file,
    checkDefinition(definition).map(({ remedy, ...fault }) => {
      const whole = afterwards === undefined ? remedy : `${remedy} ${afterwards}`;
      return { file, ...fault, remedy: whole };
    }),
  );
}

/**
 * Loads a plugin from its folder: `plugin.ts`, `routes/` and `migrations/`. A module is imported once a process;
 * loading again gives the same code. Throws `PLUGIN_INVALID`.
 */
export async function loadSource(path: string): Promise<PluginPackage> {
  const folder = await realpath(path).catch((thrown: unknown) => {
    const remedy = 'Correct the path or make the folder readable.';
    throw singleFault({ file: path, path: '', message: messageOf(thrown), remedy }, thrown);
  });
  const definition = await importDefinition(folder);
  const [routeFiles, migrations] = await Promise.all([loadRouteFiles(folder), readMigrations(folder)]);
  return {
    definition,
    manifest: describePlugin(definition),
    migrations,
    origin: { kind: 'source', path: folder },
    registerRoutes: (app, dependencies) => registerRouteFiles(routeFiles, app, dependencies),
    unload: () => undefined,
  };
}

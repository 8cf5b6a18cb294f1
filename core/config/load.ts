import { dirname, resolve } from 'node:path';
import { assemble } from './assemble.ts';
import type { Configuration } from './configuration.ts';
import { defaultClient } from './default-client.ts';
import { gatherVariables } from './source/environment.ts';
import type { Environment } from './source/environment.ts';
import { FaultList } from './faults.ts';
import type { InstalledPlugins } from './capabilities/installed.ts';
import { readClientFile } from './source/read-file.ts';
import type { FeatureSource } from './capabilities/read-features.ts';
import { readYaml } from './source/read-yaml.ts';
import { Secrets } from './secrets/secrets.ts';
import type { InactiveKey } from './capabilities/set-aside-inactive.ts';
import { treeOf } from './source/tree.ts';
import type { MappingNode } from './source/tree.ts';
import type { Validation } from './validation/schema-faults.ts';

/** What a configuration is loaded from. */
export interface LoadOptions {
  /** The client's YAML; without it the built-in client, and no `.env`. */
  readonly file?: string | undefined;
  /** The process's environment, from `readEnvironment()`. */
  readonly environment: Environment;
  readonly installed: InstalledPlugins;
  /** What the command line sets, by path: `{ 'server.port': '0' }`; stands over file and environment. */
  readonly overrides?: Readonly<Record<string, string>> | undefined;
}

/** A configuration that is fit for use, and where it came from. */
export interface LoadedConfiguration {
  readonly value: Configuration;
  readonly secrets: Secrets;
  /** Per feature, what each source says and which decided. */
  readonly sources: Readonly<Record<string, FeatureSource>>;
  /** Keys that are known and have no effect, since their capability is not installed. */
  readonly inactive: readonly InactiveKey[];
  /** Absolute path of the YAML; null for the built-in client. */
  readonly file: string | null;
  /** Every file it depends on, absolute, whether it exists or not: the YAML, `.env`, `${file:...}`. */
  readonly files: readonly string[];
}

/**
 * Loads, resolves and validates a client's configuration.
 * Throws a `ConfigurationError` that names every fault at once; a process that it stops exits with its `exitCode`, 78.
 */
export async function loadConfiguration(options: LoadOptions): Promise<LoadedConfiguration> {
  const file = options.file === undefined ? null : resolve(options.file);
  const folder = file === null ? process.cwd() : dirname(file);
  const files = new Set(file === null ? [] : [file, resolve(folder, '.env')]);
  const faults = new FaultList(files);
  const variables = await gatherVariables(options.environment, file === null ? undefined : folder, faults);
  const written = await readTree(file, faults);
  const validation: Validation = { faults, secrets: new Secrets(), folder };
  const read = await assemble({ written, variables, files, validation, options });
  faults.throwIfAny();
  const { value, sources, inactive } = read;
  const { secrets } = validation;
  return { value, secrets, sources, inactive, file, files: [...files] };
}

async function readTree(file: string | null, faults: FaultList): Promise<MappingNode | undefined> {
  if (file === null) {
    const tree = treeOf(defaultClient, { file: 'built-in defaults' });
    return tree.kind === 'mapping' ? tree : undefined;
  }
  const text = await readClientFile(file, faults);
  return text === undefined ? undefined : readYaml(text, file, faults);
}

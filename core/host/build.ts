import { Secret } from '@orchestrall/sdk';
import type { Fault } from '@orchestrall/sdk';
import { gt, lt } from 'semver';
import Type, { type Static, type TObject } from 'typebox';
import { Default, Errors } from 'typebox/value';
import { revealed } from '../config/secrets/revealed.ts';
import { fitsRevealed } from '../config/validation/fits.ts';
import { coreError } from '../errors.ts';
import type { HostStore } from './desired.ts';
import { Generation } from './generation/generation.ts';
import type { LeakTracker } from './generation/leaks.ts';
import type { Rooms } from './generation/rooms.ts';
import type { ServiceHub } from './generation/services.ts';
import type { PluginPackage } from './packages/package.ts';
import { withTimeLimit } from '../time-limit.ts';
import { remember } from './remember.ts';
import type { Slot } from './slot.ts';

/** What generations are built from. */
export interface BuildOptions {
  readonly rooms: Rooms;
  readonly services: ServiceHub;
  readonly leaks: LeakTracker;
  readonly store: HostStore;
  readonly fetch: typeof globalThis.fetch;
  /** Longest loading of a plugin's code, and longest run of its `setup`, milliseconds. */
  readonly setupLimitMs: number;
}

/**
 * Builds the generation that a slot is due: loads the code, checks provider and configuration, migrates, runs
 * `setup`; `reload` is how the generation asks for the next. Throws `PROVIDER_NOT_INSTALLED`, `PLUGIN_CONFIG_INVALID`, `ROLLBACK_REFUSED`, the errors of migrations
 * and whatever the plugin's own code throws; nothing of the generation is left then.
 */
export async function buildGeneration(
  options: BuildOptions,
  slot: Slot,
  reload: (reason: string) => Promise<void>,
): Promise<Generation> {
  const available = slot.targetPackage;
  if (available === undefined) throw new TypeError(`no version of ${slot.name} is at hand`);
  const { desired } = slot;
  // The top level of a route's module may wait for something that never comes.
  const loaded = await withTimeLimit(
    options.setupLimitMs,
    `its code was not loaded within ${options.setupLimitMs} ms`,
    async () => available.load(),
  );
  try {
    const provider = providerOf(slot, loaded.manifest.providers);
    const config = checkedConfig(slot.name, loaded.definition.config, desired.config);
    await migrate(options, slot, loaded);
    slot.generations += 1;
    return await Generation.prepare({
      loaded,
      generation: slot.generations,
      provider,
      config,
      rooms: options.rooms,
      services: options.services,
      leaks: options.leaks,
      fetch: options.fetch,
      setupLimitMs: options.setupLimitMs,
      reload,
    });
  } catch (error) {
    loaded.unload();
    throw error;
  }
}

function providerOf(slot: Slot, providers: readonly string[]): string {
  const [first = 'builtin'] = providers;
  const provider = slot.desired.provider ?? first;
  if (providers.length === 0 || providers.includes(provider)) return provider;
  throw coreError('PROVIDER_NOT_INSTALLED', { plugin: slot.name, provider, installed: providers.join(', ') });
}

/** The plugin's configuration with defaults; faults name paths, never values. */
function checkedConfig(plugin: string, schema: TObject = Type.Object({}), given: object): Static<TObject> {
  const config: unknown = Default(schema, copied(given));
  // A secret is text to its schema, and stays a `Secret` for the plugin.
  if (fitsRevealed(schema, config)) return config;
  const faults: Fault[] = Errors(schema, revealed(config)).map((fault) => ({
    path: fault.instancePath,
    message: fault.message,
  }));
  const list = faults.map(
    (fault) => `${fault.path === '' ? 'config' : `config${fault.path}`} ${fault.message}`,
  );
  throw coreError('PLUGIN_CONFIG_INVALID', { plugin, list: list.join('; '), faults });
}

/** A copy for defaults to be filled into; secrets are the same ones. */
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item)]));
}

async function migrate(
  options: BuildOptions,
  slot: Slot,
  { definition, migrations }: PluginPackage,
): Promise<void> {
  const { version, rollbackFloor, extensions = [] } = definition;
  const { record } = slot;
  if (record.rollbackFloor !== undefined && lt(version, record.rollbackFloor)) {
    throw coreError('ROLLBACK_REFUSED', { plugin: slot.name, version, floor: record.rollbackFloor });
  }
  const isOlder = record.highestVersion !== undefined && lt(version, record.highestVersion);
  await options.rooms.database.migrate(slot.name, migrations, { allowNewer: isOlder, extensions });
  if (record.highestVersion !== undefined && !gt(version, record.highestVersion)) return;
  await remember(options.store, slot, (known) => {
    // Another replica may have gone further meanwhile.
    if (known.highestVersion !== undefined && !gt(version, known.highestVersion)) return undefined;
    return { highestVersion: version, rollbackFloor: rollbackFloor ?? known.rollbackFloor };
  });
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Type from 'typebox';
import { secretText } from '@orchestrall/sdk';
import { ConfigurationError } from '../faults.ts';
import type { ConfigurationFault } from '../faults.ts';
import type { InstalledPlugins } from '../capabilities/installed.ts';
import { loadConfiguration } from '../load.ts';
import type { LoadedConfiguration, LoadOptions } from '../load.ts';

/** Plugins as the tests have them installed: CRM, one that takes settings, and one whose name has a dash. */
export const installed: InstalledPlugins = [
  { name: 'crm', features: ['crm_integration'], providers: ['builtin'] },
  {
    name: 'notifications',
    config: Type.Object({
      slack: Type.Optional(
        Type.Object({ webhook_url: secretText(), channel: Type.String({ default: '#general' }) }),
      ),
      email: Type.Optional(
        Type.Object({
          smtp_server: Type.String({ minLength: 1 }),
          from_address: Type.String({ default: 'orchestrall@localhost' }),
        }),
      ),
      retries: Type.Integer({ default: 3, minimum: 0, 'x-applies': 'restart' }),
      mode: Type.Union([Type.Literal('fast'), Type.Literal('careful')], { default: 'fast' }),
      target: Type.Optional(Type.Union([Type.String(), Type.Object({ url: Type.String() })])),
    }),
  },
  { name: 'slow-start', config: Type.Object({ key: Type.String() }) },
];

/** A temporary folder with a client's files; gone when disposed. */
export interface ClientFolder extends AsyncDisposable {
  readonly path: string;
  /** Absolute path of `client.yaml`. */
  readonly file: string;
  write(name: string, text: string | Uint8Array): Promise<string>;
  load(options?: Partial<LoadOptions>): Promise<LoadedConfiguration>;
  /** The faults of loading, in order; throws when there are none. */
  faults(options?: Partial<LoadOptions>): Promise<readonly ConfigurationFault[]>;
}

/** Makes a folder whose `client.yaml` holds the text. */
export async function clientFolder(yaml?: string | Uint8Array): Promise<ClientFolder> {
  const path = await mkdtemp(join(tmpdir(), 'orchestrall-config-'));
  const file = join(path, 'client.yaml');
  const folder: ClientFolder = {
    path,
    file,
    async write(name, text) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), text);
      return join(path, name);
    },
    load: (options) => loadConfiguration({ file, environment: {}, installed, ...options }),
    async faults(options) {
      try {
        await folder.load(options);
      } catch (error) {
        if (error instanceof ConfigurationError) return error.faults;
        throw error;
      }
      throw new Error('the configuration was loaded');
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
  if (yaml !== undefined) await folder.write('client.yaml', yaml);
  return folder;
}

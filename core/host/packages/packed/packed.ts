import type { HttpInstance, PluginDefinition } from '@orchestrall/sdk';
import { open, realpath } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { decodePacked, maxPackedBytes, sha256 } from './file-format.ts';
import type { PackedContent } from './file-format.ts';
import { packageError, singleFault } from '../faults.ts';
import { messageOf } from '../../../telemetry/error-message.ts';
import { describePlugin } from '../manifest/document.ts';
import type { ManifestDocument } from '../manifest/document.ts';
import type { PackageOrigin, PluginPackage } from '../package.ts';
import { runPackedCode } from './packed-code.ts';
import type { PackedCode } from './packed-code.ts';
import { registerRouteFiles } from '../routes.ts';

/** Ending of packed plugins. */
export const packedEnding = '.orchplugin';

/** A packed plugin that was read and checked; none of its code has run. */
export interface PackedFile extends PackedContent {
  readonly origin: PackageOrigin & { readonly sha256: string };
}

/** Reads a packed plugin without running its code. Throws `PLUGIN_INVALID`. */
export async function readPacked(path: string): Promise<PackedFile> {
  const fault = (message: string, remedy: string, cause?: unknown) =>
    singleFault({ file: path, path: '', message, remedy }, cause);
  const unreadable = (thrown: unknown) => {
    throw fault(messageOf(thrown), 'Correct the path or make the file readable.', thrown);
  };
  const file = await realpath(path).catch(unreadable);
  await using handle = await open(file).catch(unreadable);
  const { size } = await handle.stat();
  if (size > maxPackedBytes) {
    throw fault(`has ${size} bytes, more than ${maxPackedBytes}`, 'Leave large data out of the plugin.');
  }
  const bytes = await handle.readFile().catch(unreadable);
  return {
    ...decodePacked(file, bytes),
    origin: { kind: 'packed', path: file, sha256: sha256(bytes) },
  };
}

/**
 * Loads a packed plugin; each call evaluates a fresh copy of its code, which `unload` lets go of.
 * Throws `PLUGIN_INVALID`: before any code runs when the file is faulty, and when the code throws, or declares
 * something other than the file's manifest.
 */
export async function loadPacked(path: string): Promise<PluginPackage> {
  return new PackedPackage(await readPacked(path));
}

class PackedPackage implements PluginPackage {
  readonly manifest: ManifestDocument;
  readonly migrations: PluginPackage['migrations'];
  readonly origin: PackageOrigin;
  #loaded: PackedCode | undefined;

  constructor(packed: PackedFile) {
    this.#loaded = loadCode(packed);
    this.manifest = packed.manifest;
    this.migrations = packed.migrations;
    this.origin = packed.origin;
  }

  get definition(): PluginDefinition {
    return this.#code.definition;
  }

  async registerRoutes(app: HttpInstance, dependencies: object): Promise<void> {
    await registerRouteFiles(this.#code.routes, app, dependencies);
  }

  unload(): void {
    this.#loaded = undefined;
  }

  get #code(): PackedCode {
    if (this.#loaded !== undefined) return this.#loaded;
    throw new TypeError(`the code of ${this.manifest.name} ${this.manifest.version} is unloaded`);
  }
}

/** Runs a packed plugin's code and holds it against what the file says of it. */
function loadCode(packed: PackedFile): PackedCode {
  const file = packed.origin.path;
  const code = runPackedCode(file, packed.code, packed.routes);
  const faults = Object.entries(describePlugin(code.definition))
    .filter(([field, value]) => !isDeepStrictEqual(value, Reflect.get(packed.manifest, field)))
    .map(([field]) => ({
      file,
      path: `/${field}`,
      message: 'what the file says of itself differs from what its code declares',
      remedy: 'Pack the plugin again.',
    }));
  if (faults.length > 0) throw packageError(file, faults);
  return code;
}

import type { PackageOrigin, PluginPackage } from './package.ts';
import type { ManifestDocument } from './manifest-document.ts';

/** One version of one plugin that is at hand; its setup has not run. */
export interface AvailablePlugin {
  readonly manifest: ManifestDocument;
  readonly origin: PackageOrigin;
  /** Changes when the code does: a packed file's SHA-256; for a source folder the same for a whole process. */
  readonly fingerprint: string;
  /** Loads the code; each call of a packed plugin's gives a fresh copy of it. Throws `PLUGIN_INVALID`. */
  load(): Promise<PluginPackage>;
}

import type { HttpInstance, PluginDefinition } from '@orchestrall/sdk';
import type { ManifestDocument } from './manifest/document.ts';

/** Where a plugin's code comes from. */
export interface PackageOrigin {
  /** `source`: a folder with `plugin.ts`; `packed`: one `.orchplugin` file. */
  readonly kind: 'source' | 'packed';
  /** Absolute path of the folder or file, links resolved. */
  readonly path: string;
  /** SHA-256 of a packed file, lower-case hexadecimal; absent for a source folder. */
  readonly sha256?: string;
}

/** One migration as the database room applies it. */
export interface PackageMigration {
  /** From the file's name, `0001-create-contacts.sql`: 1. */
  readonly number: number;
  /** File name without its ending: `0001-create-contacts`. */
  readonly name: string;
  readonly sql: string;
}

/** One version of one plugin with its code loaded; many generations can be built from it. */
export interface PluginPackage {
  /** Validated: its manifest has no faults. */
  readonly definition: PluginDefinition;
  /** The manifest as data, as packed files carry it. */
  readonly manifest: ManifestDocument;
  /** Ascending by number. */
  readonly migrations: readonly PackageMigration[];
  readonly origin: PackageOrigin;
  /**
   * Registers every route file on the instance, ascending by file path, each in its own encapsulated context and
   * with these very dependencies. Resolves when all are registered; an error thrown by a route file rejects.
   */
  registerRoutes(app: HttpInstance, dependencies: object): Promise<void>;
  /**
   * Lets go of the code: a packed plugin's is then free to be collected once its generations are gone; a source
   * folder's stays, because an imported module cannot be taken back. Idempotent; the package is unusable afterwards.
   */
  unload(): void;
}

import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The installed packages. */
export const packagesFolder: string = realpathSync(join(import.meta.dirname, '../../../node_modules'));

/** Folder of the bundle; in `node_modules`, because it is made of it and goes with it. */
export const bundleFolder: string = join(packagesFolder, '.orchestrall');

/** What a bundle holds. */
export interface BundleManifest {
  /** `installedHash()` of when it was made. */
  readonly installed: string;
  /** File of the bundle by the file it stands for, both relative: `fastify/fastify.js` -> `fastify.mjs`. */
  readonly modules: Readonly<Record<string, string>>;
}

/** Where a bundle keeps its manifest. */
export function manifestFile(folder: string): string {
  return join(folder, 'manifest.json');
}

/** Names what is installed: the SHA-256 of npm's own record, which each install writes anew. Throws without one. */
export function installedHash(): string {
  return createHash('sha256')
    .update(readFileSync(join(packagesFolder, '.package-lock.json')))
    .digest('hex');
}

const passing: ReadonlySet<unknown> = new Set(['ENOENT', 'EACCES']);

/** The manifest of a bundle; undefined when there is none that can be read, or other packages have been installed since. */
export function readManifest(folder: string): BundleManifest | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(manifestFile(folder), 'utf8'));
    return isManifest(manifest) && manifest.installed === installedHash() ? manifest : undefined;
  } catch (error) {
    // Made by a script after `npm ci`, which need not have run, and perhaps for another user's eyes.
    if (error instanceof Error && 'code' in error && passing.has(error.code)) return undefined;
    throw error;
  }
}

function isManifest(value: unknown): value is BundleManifest {
  return (
    typeof value === 'object' &&
    value !== null &&
    'installed' in value &&
    'modules' in value &&
    typeof value.modules === 'object' &&
    value.modules !== null
  );
}

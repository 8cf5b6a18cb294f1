import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version of the core, from its package; plugins' engine ranges are checked against it. */
export const engineVersion: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  const version: unknown =
    typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'version') : undefined;
  if (typeof version === 'string') return version;
  throw new TypeError('the package of the core has no version');
}

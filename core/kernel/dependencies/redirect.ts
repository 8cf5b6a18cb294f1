import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFolder, packagesFolder, readManifest } from './manifest.ts';

/** The core's folder; no file in it is a link. */
const ownCode = new URL('../../', import.meta.url).href;

/**
 * Has this process load packages from the bundle that `npm ci` made of them, when there is one of what is installed.
 * What decides is the file that an import or `require` would have loaded, whoever asks for it: so core and plugins
 * still share one instance of each module, and one with a copy of its own keeps it.
 */
export function useBundledDependencies(folder: string = bundleFolder): void {
  const modules = readManifest(folder)?.modules;
  if (modules === undefined) return;
  const from = `${pathToFileURL(packagesFolder).href}/`;
  const bundled = new Map(
    Object.entries(modules).map(([module, file]) => [
      `${from}${module}`,
      pathToFileURL(join(folder, file)).href,
    ]),
  );
  registerHooks({
    resolve(specifier, context, resolve) {
      // Of our own files Node would look up links and the package of each, for a thousand imports.
      if (specifier.endsWith('.ts') && specifier.startsWith('.') && context.parentURL?.startsWith(ownCode)) {
        const url = new URL(specifier, context.parentURL).href;
        return { url, format: 'module-typescript', shortCircuit: true };
      }
      const resolved = resolve(specifier, context);
      const url = bundled.get(resolved.url);
      return url === undefined ? resolved : { url, format: 'module', shortCircuit: true };
    },
  });
}

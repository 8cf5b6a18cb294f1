import { join } from 'node:path';
import type { Options } from 'tsup';
import { packageError, singleFault } from '../faults.ts';
import { messageOf } from '../../../telemetry/error-message.ts';
import { providedModules } from './provided.ts';
import { withSourceMap } from './source-map.ts';

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

/** The last line of the message for faults of the author's own code. */
const remedy = 'Correct the source so that it can be bundled as CommonJS.';

/** What was built; filled by the plugin that keeps tsup from writing files. */
interface Built {
  code: string | undefined;
  map: string | undefined;
  others: string[];
  warnings: string[];
}

/**
 * Bundles a plugin folder with its dependencies into one CommonJS file by tsup: `default` is the definition,
 * `routes` the default exports of the route files in the order given. What the core provides stays outside.
 * The same folder gives the same text, wherever it lies. Throws `PLUGIN_INVALID` when it cannot be bundled.
 */
export async function bundlePlugin(
  folder: string,
  entry: string,
  routeFiles: readonly string[],
): Promise<string> {
  // Loaded when needed: an appliance that packs nothing need not hold a bundler.
  const { build } = await import('tsup');
  const built: Built = { code: undefined, map: undefined, others: [], warnings: [] };
  const options: Options = {
    config: false,
    silent: true,
    entry: { plugin: join(folder, entry) },
    format: 'cjs',
    target: 'node24',
    platform: 'node',
    sourcemap: true,
    splitting: false,
    dts: false,
    shims: true,
    removeNodeProtocol: false,
    noExternal: [everythingElse()],
    external: providedModules.map((name) => new RegExp(`^${name}(?:/|$)`, 'u')),
    esbuildPlugins: [entryPlugin(folder, entry, routeFiles), keepOutput(built)],
    esbuildOptions(esbuild) {
      esbuild.absWorkingDir = folder;
      esbuild.outdir = join(folder, 'dist');
      // A dynamic import of packed code has no file to start from; as a `require` it finds what is in the bundle.
      esbuild.supported = { ...esbuild.supported, 'dynamic-import': false };
      // Settings found in a tsconfig.json above the folder would make the bytes depend on the place.
      delete esbuild.tsconfig;
      esbuild.tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true, target: 'esnext' } };
      esbuild.sourcesContent = false;
      esbuild.logLevel = 'silent';
      esbuild.charset = 'utf8';
      esbuild.legalComments = 'none';
    },
  };
  await build(options).catch((thrown: unknown) => {
    throw singleFault({ file: folder, path: '', message: messageOf(thrown), remedy }, thrown);
  });
  if (built.code === undefined || built.map === undefined) throw new Error('tsup gave no bundle');
  const faults = [
    ...built.warnings,
    ...built.others.map((name) => `${name} cannot be carried in a packed plugin, only code can`),
  ];
  if (faults.length > 0) {
    throw packageError(
      folder,
      faults.map((message) => ({ file: folder, path: '', message, remedy })),
    );
  }
  return withSourceMap(built.code, built.map);
}

/** Everything but provided modules and Node's own goes into the bundle, whatever the working folder depends on. */
function everythingElse(): RegExp {
  return new RegExp(`^(?!(?:node:|(?:${providedModules.join('|')})(?:/|$)))`, 'u');
}

/** Replaces the entry by a module that names definition and routes. */
function entryPlugin(folder: string, entry: string, routeFiles: readonly string[]): EsbuildPlugin {
  const lines = [
    `import definition from ${JSON.stringify(`./${entry}`)};`,
    ...routeFiles.map((file, index) => `import route${index} from ${JSON.stringify(`./${file}`)};`),
    `const routes = [${routeFiles.map((_, index) => `route${index}`).join(', ')}];`,
    'export { definition as default, routes };',
  ];
  return {
    name: 'packed-entry',
    setup(esbuild) {
      esbuild.onResolve({ filter: /./ }, ({ kind }) =>
        kind === 'entry-point' ? { path: 'entry', namespace: 'packed' } : undefined,
      );
      esbuild.onLoad({ filter: /./, namespace: 'packed' }, () => ({
        contents: lines.join('\n'),
        resolveDir: folder,
        loader: 'js',
      }));
    },
  };
}

/** Takes the output, so that nothing is written, and the warnings that mean broken code. */
function keepOutput(built: Built): EsbuildPlugin {
  return {
    name: 'keep-output',
    setup(esbuild) {
      esbuild.onEnd((result) => {
        for (const file of result.outputFiles?.splice(0) ?? []) {
          if (file.path.endsWith('.map')) built.map = file.text;
          else if (/\.c?js$/u.test(file.path)) built.code = file.text;
          else built.others.push(file.path.slice(file.path.lastIndexOf('/') + 1));
        }
        built.warnings = result.warnings
          .filter(({ id, location }) => id === 'empty-import-meta' && !isDependency(location?.file))
          .map(({ text, location }) => `${location?.file ?? ''}:${location?.line ?? 0}: ${text}`);
      });
    },
  };
}

function isDependency(file: string | undefined): boolean {
  return file?.includes('node_modules/') === true;
}

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Options } from 'tsup';
import {
  bundleFolder,
  installedHash,
  manifestFile,
  packagesFolder,
  type BundleManifest,
} from './manifest.ts';

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

/** What every start loads, or the first requests do; with TypeBox and what else plugins share with the core. */
const specifiers = [
  '@fastify/autoload',
  '@fastify/swagger',
  '@fastify/type-provider-typebox',
  '@fastify/websocket',
  'ajv-formats',
  'cockatiel',
  'croner',
  'dotenv',
  'fastify',
  'fastify-plugin',
  'jose',
  'kysely',
  'lru-cache',
  'oidc-provider',
  'pg',
  'pino',
  'prom-client',
  'rate-limiter-flexible',
  'semver',
  'yaml',
];

/** In each file: what the code of CommonJS packages expects to be there. */
const banner = `import { createRequire as createBundleRequire } from 'node:module';
const require = createBundleRequire(import.meta.url);
const bundlePackages = require('node:path').dirname(import.meta.dirname);`;

/**
 * Writes the packages that the core loads as a few files, about 2,000 modules in less than 50, one for each package
 * and for what several share. Names and lines of code stay as they are, so that stack traces can be read.
 * The folder must be directly in `node_modules`. Throws when a package is missing or cannot be bundled; nothing is
 * left then.
 */
export async function bundleDependencies(target: string = bundleFolder): Promise<void> {
  await rm(target, { recursive: true, force: true });
  const folder = `${target}-${process.pid}`;
  await mkdir(folder);
  try {
    const entries = new Map<string, string>();
    for (const specifier of [...specifiers, ...(await typeboxParts())]) {
      const file = fileURLToPath(import.meta.resolve(specifier));
      // A version that one workspace has for itself is loaded as it is.
      if (file.startsWith(`${packagesFolder}${sep}`)) entries.set(nameOf(specifier), file);
    }
    await build(optionsFor(entries, folder));
    const manifest: BundleManifest = {
      installed: installedHash(),
      modules: Object.fromEntries(
        [...entries].map(([name, file]) => [relative(packagesFolder, file), `${name}.mjs`]),
      ),
    };
    await writeFile(manifestFile(folder), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await rename(folder, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every part of TypeBox: one that is left out would bring a second copy of its registries. */
async function typeboxParts(): Promise<string[]> {
  const manifest: unknown = JSON.parse(await readFile(join(packagesFolder, 'typebox/package.json'), 'utf8'));
  const exported =
    typeof manifest === 'object' && manifest !== null && 'exports' in manifest ? manifest.exports : undefined;
  if (typeof exported !== 'object' || exported === null) throw new TypeError('typebox names no exports');
  return Object.keys(exported).map((part) => `typebox${part.slice(1)}`);
}

function nameOf(specifier: string): string {
  return specifier.replace('@', '').replaceAll('/', '-');
}

function optionsFor(entries: ReadonlyMap<string, string>, folder: string): Options {
  return {
    config: false,
    silent: true,
    entry: Object.fromEntries(entries),
    outDir: folder,
    format: 'esm',
    target: 'node24',
    platform: 'node',
    splitting: true,
    sourcemap: false,
    dts: false,
    shims: false,
    removeNodeProtocol: false,
    noExternal: [/./u],
    // Optional companions, which their packages ask for and do without.
    external: ['pg-native', 'pino-pretty'],
    banner: { js: banner },
    outExtension: () => ({ js: '.mjs' }),
    esbuildPlugins: [exportAsNode(), giveFolders(), leaveOutFetch()],
    esbuildOptions(esbuild) {
      esbuild.absWorkingDir = packagesFolder;
      esbuild.logLevel = 'silent';
      esbuild.legalComments = 'inline';
      delete esbuild.tsconfig;
      esbuild.tsconfigRaw = {};
    },
  };
}

/** Gives each entry the exports that Node gives the module itself, also to a `require`. */
function exportAsNode(): EsbuildPlugin {
  return {
    name: 'export-as-node',
    setup(esbuild) {
      esbuild.onResolve({ filter: /./ }, ({ kind, path }) =>
        kind === 'entry-point' ? { path, namespace: 'entry' } : undefined,
      );
      esbuild.onLoad({ filter: /./, namespace: 'entry' }, async ({ path }) => {
        const exported: object = await import(pathToFileURL(path).href);
        return { contents: entryOf(path, Object.keys(exported)), resolveDir: packagesFolder, loader: 'js' };
      });
    },
  };
}

/** The text of an entry; Node gives a CommonJS module the export `module.exports`, and names it can tell from the text. */
function entryOf(path: string, names: readonly string[]): string {
  const from = JSON.stringify(path);
  if (!names.includes('module.exports')) {
    return `export * from ${from};\n${names.includes('default') ? `export { default } from ${from};` : ''}`;
  }
  const others = names.filter((name) => name !== 'default' && name !== 'module.exports');
  return [
    `const whole = require(${from});`,
    `export { whole as default, whole as 'module.exports' };`,
    ...others.map(
      (name, index) => `const export${index} = whole.${name};\nexport { export${index} as ${name} };`,
    ),
  ].join('\n');
}

/** A CommonJS file that asks for its own folder is told where it lay, wherever the checkout lies. */
function giveFolders(): EsbuildPlugin {
  return {
    name: 'give-folders',
    setup(esbuild) {
      esbuild.onLoad({ filter: /\.c?js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes('__dirname') || /^(?:import|export)\s/mu.test(text)) return undefined;
        const folder = JSON.stringify(`/${relative(packagesFolder, join(path, '..'))}`);
        const strict = /^\s*(['"])use strict\1;?/u.exec(text)?.[0] ?? '';
        return {
          contents: `${strict};var __dirname = bundlePackages + ${folder};${text.slice(strict.length)}`,
          loader: 'js',
        };
      });
    },
  };
}

/** `import 'node:http'` would load undici, as `core/node-http.ts` says; `require` does not. */
function leaveOutFetch(): EsbuildPlugin {
  return {
    name: 'leave-out-fetch',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^(?:node:)?http$/ }, ({ kind }) =>
        kind === 'import-statement' ? { path: 'http', namespace: 'required' } : undefined,
      );
      esbuild.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
        loader: 'js',
      }));
    },
  };
}

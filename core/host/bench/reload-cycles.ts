import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { HttpInstance, PluginDefinition } from '@orchestrall/sdk';
import Fastify from 'fastify';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { encodePacked } from '../packages/packed/file-format.ts';
import type { PackedContent } from '../packages/packed/file-format.ts';
import { loadPacked, readPacked } from '../packages/packed/packed.ts';
import { requireProvided } from '../packages/packed/provided.ts';
import { checkRoutes, registerRouteFiles } from '../packages/routes.ts';
import { validDefinition } from '../packages/source.ts';

/** What the process that runs the cycles reports, one JSON line each 50 cycles and at the end. */
export interface CycleReport {
  readonly cycles: number;
  /** Bytes in use, heap and external; after garbage collection where it is exposed. */
  readonly usedBytes: number;
  /** Definitions of generations that are gone but not collected. */
  readonly alive: number;
  /** Kinds of active resources beyond those at the start. */
  readonly strayHandles: readonly string[];
  readonly elapsedMs: number;
}

/** One generation as both sides load it. */
interface Loaded {
  readonly definition: PluginDefinition;
  registerRoutes(app: HttpInstance, dependencies: object): Promise<void>;
  unload(): void;
}

const [kind = '', file = '', count = '0'] = process.argv.slice(2);
const reportEvery = 50;
const folder = await mkdtemp(join(tmpdir(), 'orchestrall-reload-'));
const alive = new Set<WeakRef<object>>();
const packed = await readPacked(file);
const load = kind === 'packed' ? await packedLoader(packed) : importLoader(packed);

try {
  await cycles(Number(count));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function cycles(total: number): Promise<void> {
  await cycle(0);
  // Node opens its output at first use; that handle is the bench's own.
  const { stdout } = process;
  const handles = process.getActiveResourcesInfo();
  const startedAt = performance.now();
  for (let number = 1; number <= total; number += 1) {
    await cycle(number);
    if (number % reportEvery > 0 && number < total) continue;
    await settle();
    const { heapUsed, external } = process.memoryUsage();
    const report: CycleReport = {
      cycles: number,
      usedBytes: heapUsed + external,
      alive: [...alive].filter((reference) => reference.deref() !== undefined).length,
      strayHandles: withoutKnown(process.getActiveResourcesInfo(), handles),
      elapsedMs: performance.now() - startedAt,
    };
    stdout.write(`${JSON.stringify(report)}\n`);
  }
}

/** Loads changed code, serves one request with it, and lets go of it. */
async function cycle(number: number): Promise<void> {
  const loaded = await load(`1.0.${number}`);
  const app = Fastify().withTypeProvider<TypeBoxTypeProvider>();
  let dependencies: object = {};
  // All that this plugin's setup asks for.
  const context = { http: { routes: (given: object) => (dependencies = given), instance: app } };
  const setup: unknown = Reflect.get(loaded.definition, 'setup');
  if (typeof setup === 'function') await Reflect.apply(setup, loaded.definition, [context]);
  await loaded.registerRoutes(app, dependencies);
  const response = await app.inject('/api/v1/reload-bench/records/7');
  if (response.statusCode !== 200) throw new Error(`cycle ${number} answered ${response.body}`);
  if (loaded.definition.version !== `1.0.${number}`) throw new Error(`cycle ${number} ran older code`);
  await app.close();
  alive.add(new WeakRef(loaded.definition));
  loaded.unload();
}

async function packedLoader(original: PackedContent): Promise<(version: string) => Promise<Loaded>> {
  const target = join(folder, 'plugin.orchplugin');
  return async (version) => {
    const manifest = { ...original.manifest, version };
    const bytes = encodePacked({ ...original, manifest, code: changed(original.code, version) });
    await writeFile(`${target}.new`, bytes);
    await rename(`${target}.new`, target);
    return loadPacked(target);
  };
}

/** The peer: the same code as an ES module that is imported again under another query. */
function importLoader(original: PackedContent): (version: string) => Promise<Loaded> {
  const target = join(folder, 'plugin.mjs');
  Reflect.set(globalThis, 'requireProvided', requireProvided);
  return async (version) => {
    const code = [
      'const module = { exports: {} };',
      '(function (exports, require) {',
      changed(original.code, version),
      '})(module.exports, globalThis.requireProvided);',
      'const { default: definition, routes } = module.exports;',
      'export { definition as default, routes };',
    ];
    await writeFile(target, code.join('\n'));
    const exported: unknown = await import(`${pathToFileURL(target).href}?version=${version}`);
    const definition = validDefinition(target, exported);
    const table: unknown = Object(exported).routes;
    const functions: unknown[] = Array.isArray(table) ? table : [];
    const files = original.routes.map((place, index) => checkRoutes(target, place, functions[index]));
    return {
      definition,
      registerRoutes: async (app, dependencies) => registerRouteFiles(files, app, dependencies),
      unload: () => undefined,
    };
  };
}

function changed(code: string, version: string): string {
  return code.replace('version: "1.0.0"', `version: "${version}"`);
}

/** Lets finalizers run; collects first where the process was started so that it can. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function withoutKnown(resources: readonly string[], known: readonly string[]): string[] {
  const left = [...known];
  return resources.filter((resource) => {
    const place = left.indexOf(resource);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

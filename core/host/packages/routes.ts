import autoload from '@fastify/autoload';
import type { HttpInstance, Routes } from '@orchestrall/sdk';
import type { FastifyInstance } from 'fastify';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, singleFault } from './faults.ts';

/** One file of `routes/` with its code loaded. */
export interface RouteFile {
  /** Path below the plugin's folder, `/` between segments: `routes/contacts.ts`. */
  readonly file: string;
  /** URL prefix from its folder below `routes/` and its `autoPrefix`, as @fastify/autoload has it; often empty. */
  readonly prefix: string;
  readonly routes: Routes<object>;
}

/** What autoload hands over for one file. */
type Recorded = Pick<RouteFile, 'prefix' | 'routes'>;

/** Tests and declarations beside the routes are not routes. */
const ignored = /\.(?:test|spec|d)\.[cm]?[jt]s$/u;

/**
 * Loads every route file of a plugin folder through @fastify/autoload, ascending by path; none without a folder
 * `routes`. Throws `PLUGIN_INVALID` when a file throws or its default export is not of the form `Routes`.
 */
export async function loadRouteFiles(folder: string): Promise<RouteFile[]> {
  const root = join(folder, 'routes');
  const kind = await stat(root).catch(() => undefined);
  if (kind === undefined || !kind.isDirectory()) return [];
  const paths: string[] = [];
  await record(root, (path) => {
    if (!ignored.test(path)) paths.push(path);
    return false;
  });
  const files: RouteFile[] = [];
  // One by one, so that a fault is known to be of this file; the order is by code unit, whatever the file system's.
  for (const path of paths.toSorted()) files.push(await loadRouteFile(folder, root, path));
  return files;
}

/** Registers route files on an instance, in their order, each in a context of its own. */
export async function registerRouteFiles(
  files: readonly RouteFile[],
  app: HttpInstance,
  dependencies: object,
): Promise<void> {
  for (const { prefix, routes } of files) {
    await app.register(async (child: HttpInstance) => routes(child, dependencies), { prefix });
  }
}

async function loadRouteFile(folder: string, root: string, path: string): Promise<RouteFile> {
  const file = `routes${path}`;
  const remedy = 'Export a function `async (app, dependencies)` of type `Routes` as default.';
  const recorded = await record(root, (candidate) => candidate === path).catch((thrown: unknown) => {
    const message = `cannot be loaded: ${reasonOf(thrown)}`;
    throw singleFault({ file: folder, path: file, message, remedy: 'Correct the file.' }, thrown);
  });
  const [first] = recorded;
  if (first === undefined) {
    throw singleFault({ file: folder, path: file, message: 'its default export is not a function', remedy });
  }
  if (first.routes.length > 2) {
    const message = 'its default export takes a third parameter, but no callback is given';
    throw singleFault({ file: folder, path: file, message, remedy });
  }
  return { file, ...first };
}

/**
 * Lets autoload find and import, but registers nothing: what it registers gets a copy of the options, in which a
 * dependency's prototype is lost and one named `prefix` moves the routes.
 */
async function record(root: string, matches: (path: string) => boolean): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  // The whole of what autoload uses of an instance.
  const recorder: FastifyInstance = Object.create(null, {
    log: { value: { debug: () => undefined } },
    register: {
      value: (routes: Routes<object>, options: { readonly prefix?: string }) =>
        recorded.push({ prefix: options.prefix ?? '', routes }),
    },
  });
  // Its type is that of a plugin with a callback; the code is an async function that never calls it.
  const running: unknown = autoload(
    recorder,
    { dir: root, matchFilter: matches, forceESM: true },
    () => undefined,
  );
  await running;
  return recorded;
}

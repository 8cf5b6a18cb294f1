import autoload from '@fastify/autoload';
import type { HttpInstance, Routes } from '@orchestrall/sdk';
import type { FastifyInstance } from 'fastify';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { singleFault } from './faults.ts';
import { messageOf } from '../../telemetry/error-message.ts';

/** One file of `routes/`, its code not loaded. */
export interface RoutePlace {
  /** Path below the plugin's folder, `/` between segments: `routes/admin/contacts.ts`. */
  readonly file: string;
  /** URL prefix, from its folders below `routes/`: `/admin`; empty for a file directly in it. */
  readonly prefix: string;
}

/** One file of `routes/` with its code loaded. */
export interface RouteFile extends RoutePlace {
  readonly routes: Routes<object>;
}

/** Tests and declarations beside the routes are not routes. */
const ignored = /\.(?:test|spec|d)\.[cm]?[jt]s$/u;

/** The files that @fastify/autoload finds in a plugin folder, ascending by path; none without a folder `routes`. */
export async function listRouteFiles(folder: string): Promise<RoutePlace[]> {
  const kind = await stat(join(folder, 'routes')).catch(() => undefined);
  if (kind === undefined || !kind.isDirectory()) return [];
  const paths: string[] = [];
  await record(folder, (path) => {
    if (!ignored.test(path)) paths.push(path);
    return false;
  });
  // By code unit, whatever the order of the file system.
  return paths
    .toSorted()
    .map((path) => ({ file: `routes${path}`, prefix: path.slice(0, path.lastIndexOf('/')) }));
}

/**
 * Loads every route file of a plugin folder through @fastify/autoload, in the order of `listRouteFiles`. Throws
 * `PLUGIN_INVALID` when a file throws, its default export is not of the form `Routes`, or it moves its own prefix.
 */
export async function loadRouteFiles(folder: string): Promise<RouteFile[]> {
  const files: RouteFile[] = [];
  // One by one, so that a fault is known to be of this file.
  for (const place of await listRouteFiles(folder)) files.push(await loadRouteFile(folder, place));
  return files;
}

/** The default export of a route file as its function; throws `PLUGIN_INVALID` when it is not of that form. */
export function checkRoutes(file: string, place: RoutePlace, exported: unknown): RouteFile {
  if (isRoutes(exported) && exported.length <= 2) return { ...place, routes: exported };
  const message = isRoutes(exported)
    ? 'its default export takes a third parameter, but no callback is given'
    : 'its default export is not a function';
  const remedy = 'Export a function `async (app, dependencies)` of type `Routes` as default.';
  throw singleFault({ file, path: place.file, message, remedy });
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

async function loadRouteFile(folder: string, place: RoutePlace): Promise<RouteFile> {
  const fault = { file: folder, path: place.file };
  const recorded = await record(folder, (path) => `routes${path}` === place.file).catch((thrown: unknown) => {
    const message = `cannot be loaded: ${messageOf(thrown)}`;
    throw singleFault({ ...fault, message, remedy: 'Correct the file.' }, thrown);
  });
  const [first] = recorded;
  const loaded = checkRoutes(folder, place, first?.routes);
  if (first?.prefix !== place.prefix) {
    const message = `sets its own prefix ${first?.prefix ?? ''}`;
    throw singleFault({
      ...fault,
      message,
      remedy: 'Move it to a folder of that name, without `autoPrefix`.',
    });
  }
  return loaded;
}

function isRoutes(value: unknown): value is Routes<object> {
  return typeof value === 'function';
}

/** What autoload hands over for one file. */
interface Recorded {
  readonly prefix: string;
  readonly routes: unknown;
}

/**
 * Lets autoload find and import, but registers nothing: what it registers gets a copy of the options, in which a
 * dependency's prototype is lost and one named `prefix` moves the routes.
 */
async function record(folder: string, matches: (path: string) => boolean): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  // The whole of what autoload uses of an instance.
  const recorder: FastifyInstance = Object.create(null, {
    log: { value: { debug: () => undefined } },
    register: {
      value: (routes: unknown, options: { readonly prefix?: string }) =>
        recorded.push({ prefix: options.prefix ?? '', routes }),
    },
  });
  // Its type is that of a plugin with a callback; the code is an async function that never calls it.
  const running: unknown = autoload(
    recorder,
    { dir: join(folder, 'routes'), matchFilter: matches, forceESM: true },
    () => undefined,
  );
  await running;
  return recorded;
}

import { AppError } from '@orchestrall/sdk';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import semver from 'semver';
import { reasonOf as readingFailure } from '../../config/source/read-file.ts';
import { messageOf } from '../../telemetry/error-message.ts';
import type { PackageFault } from './faults.ts';
import { describePlugin } from './manifest/document.ts';
import type { ManifestDocument } from './manifest/document.ts';
import type { PackageOrigin, PluginPackage } from './package.ts';
import { loadPacked, packedEnding, readPacked } from './packed/packed.ts';
import { findEntry, importDefinition, loadSource } from './source.ts';

/** One version of one plugin that is at hand; its setup has not run. */
export interface AvailablePlugin {
  readonly manifest: ManifestDocument;
  readonly origin: PackageOrigin;
  /** Changes when the code does: a packed file's SHA-256; for a source folder the same for a whole process. */
  readonly fingerprint: string;
  /** Loads the code as it is now; each call of a packed plugin's gives a fresh copy. Throws `PLUGIN_INVALID`. */
  load(): Promise<PluginPackage>;
}

/** Where plugins are looked for. */
export interface DiscoverOptions {
  /** Folder of the plugins that come with the product, each in its own folder; default none. */
  readonly repository?: string | undefined;
  /** `plugins.paths` of the client's YAML: packed files, source folders, or folders that hold either. */
  readonly paths?: readonly string[];
  /** What relative paths are relative to; default the working folder. */
  readonly base?: string;
  /** Longest that the top level of a source folder's module may take; default 30,000 ms. */
  readonly importLimitMs?: number;
}

/** What was found. */
export interface Discovery {
  /** By name, of each name the newest version first. */
  readonly plugins: readonly AvailablePlugin[];
  /** One for each thing that was found and cannot be used, or is named and was not found. */
  readonly faults: readonly PackageFault[];
}

/** Something that looks like a plugin. */
interface Candidate {
  readonly kind: PackageOrigin['kind'];
  readonly path: string;
}

/**
 * Finds every version of every plugin. Packed files are checked without running their code; source folders are
 * imported. Never throws for a plugin: each that cannot be used is a fault, and the others are there. Of two with
 * the same name and version the first is taken, the repository's before those of `paths`, in their order.
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const faults: PackageFault[] = [];
  const candidates = options.repository === undefined ? [] : await inRepository(options.repository, faults);
  for (const path of options.paths ?? []) {
    candidates.push(...(await inPath(resolve(options.base ?? '.', path), faults)));
  }
  const found = await Promise.all(
    distinct(candidates).map(async (candidate) => examine(candidate, faults, options.importLimitMs)),
  );
  const plugins = new Map<string, AvailablePlugin>();
  for (const plugin of found.filter((candidate) => candidate !== undefined)) {
    const key = `${plugin.manifest.name} ${plugin.manifest.version}`;
    const first = plugins.get(key);
    if (first === undefined) plugins.set(key, plugin);
    else if (first.fingerprint !== plugin.fingerprint) {
      const message = `is ${key}, as ${first.origin.path} is, with other content`;
      const remedy = 'Give it a version of its own or remove one of the two.';
      faults.push({ file: plugin.origin.path, path: '/version', message, remedy });
    }
  }
  return { plugins: [...plugins.values()].toSorted(byNameThenNewest), faults };
}

/** Folders with `package.json` and `plugin.ts`; others, such as one that only lends types, are no plugins. */
async function inRepository(folder: string, faults: PackageFault[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const path of await childrenOf(folder, faults)) {
    // A folder without one is no plugin.
    const described = await stat(join(path, 'package.json')).catch(() => undefined);
    if (described !== undefined && (await findEntry(path)) !== undefined)
      found.push({ kind: 'source', path });
  }
  return found;
}

async function inPath(path: string, faults: PackageFault[]): Promise<Candidate[]> {
  const itself = await asCandidate(path);
  if (itself !== undefined) return [itself];
  // One that is not there is told by `childrenOf`.
  const kind = await stat(path).catch(() => undefined);
  if (kind?.isFile() === true) {
    const message = `is not a packed plugin: its name does not end in ${packedEnding}`;
    faults.push({
      file: path,
      path: '',
      message,
      remedy: 'Name a packed plugin or a folder in plugins.paths.',
    });
    return [];
  }
  const children = await childrenOf(path, faults);
  return (await Promise.all(children.map(asCandidate))).filter((candidate) => candidate !== undefined);
}

async function asCandidate(this: void, path: string): Promise<Candidate | undefined> {
  // A path that is not there is told by `childrenOf`; a child that has gone since is none.
  const kind = await stat(path).catch(() => undefined);
  if (kind?.isFile() === true && path.endsWith(packedEnding)) return { kind: 'packed', path };
  if (kind?.isDirectory() === true && (await findEntry(path)) !== undefined) return { kind: 'source', path };
  return undefined;
}

/** What lies in a folder, ascending, hidden things left out; a folder that cannot be read is a fault. */
async function childrenOf(folder: string, faults: PackageFault[]): Promise<string[]> {
  const names = await readdir(folder).catch((thrown: unknown) => {
    const remedy = 'Create the folder, make it readable, or take the path out of plugins.paths.';
    const missing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    const message = missing ? 'there is no such folder' : `cannot be read: ${readingFailure(thrown).message}`;
    faults.push({ file: folder, path: '', message, remedy });
    return [];
  });
  return names
    .filter((name) => !name.startsWith('.'))
    .toSorted()
    .map((name) => join(folder, name));
}

function distinct(candidates: readonly Candidate[]): Candidate[] {
  return [...new Map(candidates.map((candidate) => [candidate.path, candidate])).values()];
}

async function examine(
  candidate: Candidate,
  faults: PackageFault[],
  importLimitMs?: number,
): Promise<AvailablePlugin | undefined> {
  try {
    return await (candidate.kind === 'packed'
      ? examinePacked(candidate.path)
      : examineSource(candidate.path, importLimitMs));
  } catch (thrown) {
    const named = thrown instanceof AppError ? (thrown.details.faults ?? []) : [];
    const message = messageOf(thrown);
    const whole = { path: '', message, remedy: 'Correct the plugin or remove it.' };
    faults.push(
      ...(named.length > 0 ? named : [whole]).map((fault) => ({ ...whole, ...fault, file: candidate.path })),
    );
    return undefined;
  }
}

async function examinePacked(path: string): Promise<AvailablePlugin> {
  const { manifest, origin } = await readPacked(path);
  return { manifest, origin, fingerprint: origin.sha256, load: async () => loadPacked(path) };
}

async function examineSource(path: string, importLimitMs?: number): Promise<AvailablePlugin> {
  const folder = await realpath(path);
  const manifest = describePlugin(await importDefinition(folder, importLimitMs));
  const origin = { kind: 'source', path: folder } as const;
  return { manifest, origin, fingerprint: `source:${folder}`, load: async () => loadSource(folder) };
}

function byNameThenNewest(left: AvailablePlugin, right: AvailablePlugin): number {
  if (left.manifest.name !== right.manifest.name) return left.manifest.name < right.manifest.name ? -1 : 1;
  return semver.rcompare(left.manifest.version, right.manifest.version);
}

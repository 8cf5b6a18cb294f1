import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pack } from '../packages/packed/pack.ts';

/** Where the plugins lie that run without faults. */
export const liveFixtures = join(import.meta.dirname, 'fixtures', 'live');

/** Packs a fixture as if it were another version, with lines of its manifest added; returns the file. */
export async function packFixture(options: {
  readonly name: string;
  readonly version: string;
  /** Folder that the packed file comes into. */
  readonly into: string;
  /** More of the manifest, such as `rollbackFloor: '1.1.0',`. */
  readonly manifest?: string;
  /** Files beside those of the fixture, by path. */
  readonly files?: Readonly<Record<string, string>>;
}): Promise<string> {
  const { name, version, into, manifest = '', files = {} } = options;
  const copies = await mkdtemp(join(tmpdir(), 'orchestrall-fixture-'));
  try {
    const folder = join(copies, basename(name));
    await cp(join(liveFixtures, name), folder, { recursive: true });
    const entry = join(folder, 'plugin.ts');
    const source = await readFile(entry, 'utf8');
    await writeFile(entry, source.replace("version: '1.0.0',", `version: '${version}', ${manifest}`));
    for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
    const file = join(into, `${name}-${version}.orchplugin`);
    await pack(folder, file);
    return file;
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
}

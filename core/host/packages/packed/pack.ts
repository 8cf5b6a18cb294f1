import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf } from '../../../telemetry/error-message.ts';
import { bundlePlugin } from './bundle.ts';
import { encodePacked, maxPackedBytes, sha256 } from './file-format.ts';
import { singleFault } from '../faults.ts';
import { describePlugin } from '../manifest/document.ts';
import type { ManifestDocument } from '../manifest/document.ts';
import { readMigrations } from '../migrations.ts';
import { runPackedCode } from './packed-code.ts';
import { packedEnding } from './packed.ts';
import { listRouteFiles } from '../routes.ts';
import { requireEntry } from '../source.ts';

/** What was packed. */
export interface Packed {
  readonly manifest: ManifestDocument;
  /** Absolute path of the file. */
  readonly file: string;
  readonly bytes: number;
  /** Of the file, lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Packs a plugin folder into one file: bundled code, routes, migrations and manifest. The same folder gives the
 * same bytes, wherever it lies. `file` ends in `.orchplugin`; it is replaced in one step. The bundle is
 * run once, to read the manifest from it.
 * Throws `PLUGIN_INVALID` when the folder's plugin has faults, cannot be bundled, or the bundle does not load.
 */
export async function pack(folder: string, file: string): Promise<Packed> {
  const target = resolve(file);
  if (!target.endsWith(packedEnding)) {
    const message = `does not end in ${packedEnding}`;
    throw singleFault({ file, path: '', message, remedy: 'Name the file with that ending.' });
  }
  const { manifest, bytes } = await packToBytes(folder, target);
  await replaceFile(target, bytes);
  return { manifest, file: target, bytes: bytes.length, sha256: sha256(bytes) };
}

async function packToBytes(
  folder: string,
  target: string,
): Promise<{ readonly manifest: ManifestDocument; readonly bytes: Buffer }> {
  const root = await realpath(folder).catch((thrown: unknown) => {
    const remedy = 'Name the folder that holds plugin.ts.';
    throw singleFault({ file: folder, path: '', message: messageOf(thrown), remedy }, thrown);
  });
  const [entry, routes, migrations] = await Promise.all([
    requireEntry(root),
    listRouteFiles(root),
    readMigrations(root),
  ]);
  const files = routes.map(({ file }) => file);
  const code = await bundlePlugin(root, entry, files);
  // The manifest is that of the bundle itself; what does not load is found by the author here, not by an operator.
  const { definition } = runPackedCode(target, code, routes);
  const manifest = describePlugin(definition);
  const bytes = encodePacked({ manifest, routes, code, migrations });
  if (bytes.length > maxPackedBytes) {
    const message = `packs into ${bytes.length} bytes, more than ${maxPackedBytes}`;
    throw singleFault({ file: folder, path: '', message, remedy: 'Leave large data out of the plugin.' });
  }
  return { manifest, bytes };
}

/** Writes beside the target, flushes and renames, so that a reader sees the old file or the new one. */
async function replaceFile(target: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    await using handle = await open(temporary, 'w', 0o644);
    await handle.writeFile(bytes);
    await handle.sync();
    await rename(temporary, target);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

import { createHash } from 'node:crypto';
import Type from 'typebox';
import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { singleFault } from '../faults.ts';
import { messageOf } from '../../../telemetry/error-message.ts';
import { ManifestDocument } from '../manifest/document.ts';
import { checkMigrations } from '../migrations.ts';
import type { PackageMigration } from '../package.ts';
import { decodeTar, encodeTar } from './tar.ts';
import type { PlacedTarEntry } from './tar.ts';

/** Version of the format; a file of a higher one is refused. */
export const formatVersion = 1;

/** Largest packed plugin that is read, bytes. */
export const maxPackedBytes = 64 * 1024 * 1024;

const Index = Type.Object(
  {
    format: Type.Literal(formatVersion),
    manifest: ManifestDocument,
    /** Route files in the order of the code's table. */
    routes: Type.Array(
      Type.Object({ file: Type.String(), prefix: Type.String() }, { additionalProperties: false }),
    ),
  },
  { additionalProperties: false },
);
type Index = Static<typeof Index>;

/** What a packed plugin holds. */
export interface PackedContent extends Omit<Index, 'format'> {
  /** CommonJS: `default` is the definition, `routes` the functions of the route files. */
  readonly code: string;
  readonly migrations: readonly PackageMigration[];
}

const names = { index: 'orchplugin.json', code: 'plugin.cjs', digest: 'sha256' } as const;
const migrationFile = /^migrations\/(?<name>[^/]+\.sql)$/u;

/**
 * Writes a packed plugin: a tar archive of the index, the code and the migrations, and last the SHA-256 of all bytes
 * before it. The same content gives the same bytes.
 */
export function encodePacked(content: PackedContent): Buffer {
  const { manifest, routes, code, migrations } = content;
  const index: Index = { format: formatVersion, manifest, routes };
  const entries = [
    { name: names.index, content: Buffer.from(`${JSON.stringify(index, undefined, 2)}\n`) },
    { name: names.code, content: Buffer.from(code) },
    ...migrations.map(({ name, sql }) => ({ name: `migrations/${name}.sql`, content: Buffer.from(sql) })),
  ];
  const sealed = Buffer.from(`${sha256(withoutEnd(encodeTar(entries)))}\n`);
  return encodeTar([...entries, { name: names.digest, content: sealed }]);
}

/**
 * Reads a packed plugin without running any of its code. Throws `PLUGIN_INVALID` when it is cut short, damaged, holds
 * what a packed plugin does not have, or is of another format version.
 */
export function decodePacked(file: string, bytes: Buffer): PackedContent {
  const entries = readEntries(file, bytes);
  const index = readIndex(file, entries);
  const code = entries.find(({ name }) => name === names.code);
  if (code === undefined) throw refuse(file, names.code, 'is missing', 'Pack the plugin again.');
  const migrations = entries.flatMap(({ name, content }) => {
    const migration = migrationFile.exec(name)?.groups?.['name'];
    return migration === undefined ? [] : [{ name: migration, sql: content.toString('utf8') }];
  });
  return {
    manifest: index.manifest,
    routes: index.routes,
    code: code.content.toString('utf8'),
    migrations: checkMigrations(file, migrations),
  };
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function readEntries(file: string, bytes: Buffer): PlacedTarEntry[] {
  const remedy = 'Copy the file again from where it was packed.';
  let entries: PlacedTarEntry[];
  try {
    entries = decodeTar(bytes);
  } catch (thrown) {
    throw singleFault({ file, path: '', message: messageOf(thrown), remedy }, thrown);
  }
  const last = entries.at(-1);
  if (last?.name !== names.digest) throw refuse(file, names.digest, 'is not its last part', remedy);
  if (last.content.toString('latin1') !== `${sha256(bytes.subarray(0, last.offset))}\n`) {
    throw refuse(file, '', 'the file is damaged: it does not have the SHA-256 that it carries', remedy);
  }
  const seen = new Set<string>();
  for (const { name } of entries.slice(0, -1)) {
    const isKnown = name === names.index || name === names.code || migrationFile.test(name);
    if (!isKnown) throw refuse(file, name, 'is nothing that a packed plugin holds', 'Pack the plugin again.');
    if (seen.has(name)) throw refuse(file, name, 'is there twice', 'Pack the plugin again.');
    seen.add(name);
  }
  return entries;
}

function readIndex(file: string, entries: readonly PlacedTarEntry[]): Index {
  const remedy = 'Pack the plugin again.';
  const entry = entries.find(({ name }) => name === names.index);
  if (entry === undefined) throw refuse(file, names.index, 'is missing', remedy);
  let index: unknown;
  try {
    index = JSON.parse(entry.content.toString('utf8'));
  } catch (thrown) {
    throw refuse(file, names.index, `is not JSON: ${messageOf(thrown)}`, remedy);
  }
  const format: unknown = Object(index).format;
  if (format !== formatVersion) {
    const message = `has format version ${JSON.stringify(format)}, this core reads ${formatVersion}`;
    throw refuse(
      file,
      names.index,
      message,
      'Pack it with the tools of this release, or update the appliance.',
    );
  }
  if (Value.Check(Index, index)) return index;
  const [error] = Value.Errors(Index, index);
  throw refuse(file, `${names.index}${error?.instancePath ?? ''}`, error?.message ?? 'is faulty', remedy);
}

function refuse(file: string, path: string, message: string, remedy: string): Error {
  return singleFault({ file, path, message, remedy });
}

/** An archive without its two closing blocks: what the digest is taken of. */
function withoutEnd(archive: Buffer): Buffer {
  return archive.subarray(0, -1024);
}

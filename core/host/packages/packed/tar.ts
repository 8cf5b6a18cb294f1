/** One file of an archive. */
export interface TarEntry {
  /** Path of 1 to 100 characters of `a-z A-Z 0-9 . _ - /`. */
  readonly name: string;
  readonly content: Buffer;
}

/** One file of an archive that was read, with the place of its header. */
export interface PlacedTarEntry extends TarEntry {
  /** Byte at which its header begins. */
  readonly offset: number;
}

const blockBytes = 512;
const entryName = /^[A-Za-z0-9._/-]{1,100}$/u;

/**
 * Writes entries as an archive in the ustar format (POSIX.1-1988) with fixed owner, mode and time, so that the same
 * entries give the same bytes.
 */
export function encodeTar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({ name, content }) => [
    encodeHeader(name, content.length),
    content,
    Buffer.alloc(padding(content.length)),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

/**
 * Reads an archive that `encodeTar` wrote; anything it could not have written is refused, so that nothing can hide
 * between the entries. Throws a `RangeError` that names the byte. Contents are views on the bytes given.
 */
export function decodeTar(bytes: Buffer): PlacedTarEntry[] {
  const entries: PlacedTarEntry[] = [];
  let offset = 0;
  for (;;) {
    const header = take(bytes, offset, blockBytes);
    if (isZero(header)) break;
    const name = header.toString('latin1', 0, 100).replace(/\0+$/u, '');
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
    if (!entryName.test(name) || Number.isNaN(size) || !encodeHeader(name, size).equals(header)) {
      throw new RangeError(`the header at byte ${offset} is damaged or not of this format`);
    }
    const start = offset + blockBytes;
    const content = take(bytes, start, size);
    const end = start + size + padding(size);
    if (!isZero(take(bytes, start + size, padding(size)))) {
      throw new RangeError(`the padding before byte ${end} is damaged`);
    }
    entries.push({ name, content, offset });
    offset = end;
  }
  if (bytes.length !== offset + 2 * blockBytes || !isZero(bytes.subarray(offset))) {
    throw new RangeError(`the end at byte ${offset} is damaged or cut short`);
  }
  return entries;
}

function encodeHeader(name: string, size: number): Buffer {
  if (!entryName.test(name)) throw new RangeError(`the path ${name} does not fit into an archive`);
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 'latin1');
  header.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, 'latin1');
  header.write(`${octal(size, 11)}\0${octal(0, 11)}\0`, 124, 'latin1');
  header.write('        0', 148, 'latin1');
  header.write('ustar\u{0}00', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function take(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new RangeError(`the file is cut short at byte ${bytes.length}`);
  return bytes.subarray(start, start + length);
}

function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

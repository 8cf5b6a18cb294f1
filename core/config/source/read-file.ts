import { readFile, stat } from 'node:fs/promises';
import type { FaultList } from '../faults.ts';

/** Longest client file: 1 MiB; a real one has a few hundred lines. */
const maxFileBytes = 1_048_576;

const wanted = 'a YAML file in UTF-8 of at most 1 MiB';

/** Reads the client file as text; reports why it cannot be read and gives `undefined` then. */
export async function readClientFile(file: string, faults: FaultList): Promise<string | undefined> {
  const refuse = (message: string, found: string, remedy: string): undefined => {
    faults.add({ code: 'unreadable', place: { file }, path: '', message, expected: wanted, found, remedy });
  };

  let bytes: Buffer;
  try {
    const about = await stat(file);
    if (!about.isFile()) {
      const found = about.isDirectory() ? 'a folder' : 'something that is not a file';
      return refuse('This is not a file.', found, 'Name the YAML file itself.');
    }
    if (about.size > maxFileBytes)
      return refuse(
        `The file is longer than ${maxFileBytes} bytes.`,
        `${about.size} bytes`,
        'Name the client file, not an export or an archive; keep long texts in files of their own.',
      );
    bytes = await readFile(file);
  } catch (error) {
    const reason = reasonOf(error);
    return refuse(`The file cannot be read: ${reason.message}.`, reason.message, reason.remedy);
  }
  return decode(bytes, refuse);
}

function decode(
  bytes: Buffer,
  refuse: (message: string, found: string, remedy: string) => undefined,
): string | undefined {
  const remedy = 'Save it as plain UTF-8 text.';
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return refuse('The file is in UTF-16.', 'UTF-16', remedy);
  if (bytes.includes(0)) return refuse('The file is binary.', 'a zero byte', remedy);
  const text = textOf(bytes);
  if (text === undefined) return refuse('The file is not valid UTF-8.', 'bytes in another encoding', remedy);
  if (text.trim() === '')
    return refuse('The file is empty.', 'nothing', 'Write at least `client:` with an `id:` below it.');
  return text;
}

/** The text of bytes in UTF-8, without a byte order mark before it; undefined for another encoding. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // What it throws says nothing of where.
    return undefined;
  }
}

/** Why a file cannot be read, in words, and what to do about it. */
export function reasonOf(error: unknown): { message: string; remedy: string } {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return { message: 'there is no such file', remedy: 'Check the path, or create the file.' };
  if (code === 'EACCES' || code === 'EPERM')
    return {
      message: 'this user may not read it',
      remedy: 'Let the user that runs the appliance read it (chown, chmod).',
    };
  if (code === 'ELOOP')
    return { message: 'its symbolic links go in a circle', remedy: 'Point the link at a real file.' };
  if (code === 'EISDIR') return { message: 'it is a folder', remedy: 'Name the file itself.' };
  return {
    message: `the system answered ${code ?? 'an error without a code'}`,
    remedy: 'Check the file and its disk.',
  };
}

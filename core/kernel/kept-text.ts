import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { coreError } from '../errors.ts';

/** A short text that is made once and kept for good. */
export interface KeptText {
  readonly file: string;
  readonly make: () => string;
  /** What the whole text must match, white space at its ends left out. */
  readonly form: RegExp;
  /** What is to be done when the file holds something else; the text itself is never shown. */
  readonly remedy: string;
}

/**
 * Reads the text, or makes it when there is no file: complete on the disk before it has its name, readable by its
 * owner only. What another process made meanwhile stands. Throws `KEPT_FILE_UNUSABLE` for a file that is empty or of
 * another form, which is never overwritten.
 */
export async function readOrMake(kept: KeptText): Promise<string> {
  const text = await readIfThere(kept.file);
  if (text !== undefined) return checked(kept, text);
  const made = kept.make();
  if (await keep(kept.file, made)) return made;
  return checked(kept, await readFile(kept.file, 'utf8'));
}

function checked({ file, form, remedy }: KeptText, content: string): string {
  const text = content.trim();
  if (form.test(text)) return text;
  const fault = text === '' ? 'is empty' : 'does not have the form of what the appliance keeps there';
  throw coreError('KEPT_FILE_UNUSABLE', { file, fault, hint: remedy });
}

/** Whether this process was the one that made the file. */
async function keep(file: string, text: string): Promise<boolean> {
  const draft = `${file}.draft-${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${text}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Unlike a rename it never replaces what is there.
    await link(draft, file);
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(file));
  return true;
}

/** The name is on the disk as well from then on. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

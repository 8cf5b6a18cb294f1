import { spawnSync } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from './process.ts';
import type { RunOptions } from './process.ts';

const nobody = 65_534;
const become = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

/**
 * How to run the product as an ordinary user, in a folder that is given to that user: as who runs the tests, or, where
 * that is root, as `nobody`. A checkout that `nobody` cannot enter is copied into the folder first.
 */
export async function ordinaryUser(folder: string): Promise<RunOptions> {
  if (process.getuid?.() !== 0) return {};
  await chown(folder, nobody, nobody);
  const reachable = run([...become, 'test', '-r', join(repository, 'package.json')]);
  if (reachable) return { through: become };
  const copy = join(folder, 'repository');
  const parts = ['core', 'plugins', 'package.json', 'node_modules'].map((part) => join(repository, part));
  // Links in place of copies where the file system is the same.
  const copied =
    run(['mkdir', copy]) && (run(['cp', '-al', ...parts, copy]) || run(['cp', '-af', ...parts, copy]));
  if (!copied) throw new Error(`the repository could not be copied to ${copy}`);
  return { through: become, repository: copy };
}

function run([program = '', ...parameters]: readonly string[]): boolean {
  return spawnSync(program, parameters, { stdio: 'ignore' }).status === 0;
}

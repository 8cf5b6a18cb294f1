import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'dotenv';
import type { FaultList } from '../faults.ts';
import { reasonOf } from './read-file.ts';
import type { Place } from './tree.ts';

/** Variables by name, as the process got them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment, read once at its start; nothing else in the appliance reads it. */
export function readEnvironment(): Environment {
  return Object.freeze({ ...process.env });
}

/** A variable and where it was set. */
export interface Variable {
  readonly name: string;
  readonly text: string;
  readonly place: Place;
}

/** What `${NAME}` and the environment's names refer to. */
export type Variables = ReadonlyMap<string, Variable>;

/**
 * The process's environment over the `.env` file of a folder; an empty variable of the process counts as not set
 * where `.env` sets it. A `.env` that is not there is no fault; one that cannot be read is.
 */
export async function gatherVariables(
  environment: Environment,
  folder: string | undefined,
  faults: FaultList,
): Promise<Variables> {
  const variables = new Map<string, Variable>();
  if (folder !== undefined) {
    const file = join(folder, '.env');
    const text = await readDotenv(file, faults);
    for (const [name, value] of Object.entries(parse(text)))
      variables.set(name, { name, text: value, place: { file, ...lineOf(name, text) } });
  }
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || (text === '' && variables.has(name))) continue;
    variables.set(name, { name, text, place: { file: 'environment' } });
  }
  return variables;
}

async function readDotenv(file: string, faults: FaultList): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    const reason = reasonOf(error);
    faults.add({
      code: 'unreadable',
      place: { file },
      path: '',
      message: `The file of variables cannot be read: ${reason.message}.`,
      expected: 'a readable file, or none',
      found: reason.message,
      remedy: reason.remedy,
    });
    return '';
  }
}

/** The last line that sets a variable, as `parse` reads it. */
function lineOf(name: string, text: string): { line?: number; column?: number } {
  const index = text
    .split('\n')
    .findLastIndex((line) => /^\s*(?:export\s+)?([\w.-]+)\s*[=:]/.exec(line)?.[1] === name);
  return index === -1 ? {} : { line: index + 1, column: 1 };
}

import { validationFailed } from '../../errors.ts';
import { cut } from '../fields/text.ts';

/**
 * Reads names separated by commas, each once; none of an empty text. `path` is where the request holds them.
 * Throws `VALIDATION_FAILED` for the first name that is not known.
 */
export function readNames(given: string | undefined, known: readonly string[], path: string): string[] {
  if (given === undefined || given === '') return [];
  const asked = [...new Set(given.split(',').map((name) => name.trim()))];
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown === undefined) return asked;
  const choices =
    known.length === 0
      ? 'there is nothing to name here'
      : `what can be named: ${[...new Set(known)].join(', ')}`;
  throw validationFailed([
    { path, message: `must not name ${JSON.stringify(cut(unknown, 100))}; ${choices}` },
  ]);
}

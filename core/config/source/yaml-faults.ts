import type { YAMLError } from 'yaml';
import type { FaultList } from '../faults.ts';
import type { Place } from './tree.ts';

/** Deepest nesting of mappings and lists. */
export const maxDepth = 32;
/** Most values in one file. */
export const maxValues = 20_000;

/** Reports what the parser found, in a person's words; `bare` says that it stumbled over an unquoted `${`. */
export function reportSyntax(error: YAMLError, place: Place, bare: boolean, faults: FaultList): void {
  const tab = error.code === 'TAB_AS_INDENT' || /\btabs?\b/i.test(error.message);
  const known = tab ? syntaxHelp.TAB_AS_INDENT : bare ? bareInterpolation : syntaxHelp[error.code];
  faults.add({
    code: 'syntax',
    place,
    path: '',
    message: known?.message ?? 'This is not valid YAML.',
    expected: known?.expected ?? 'valid YAML 1.2',
    found: known?.found ?? 'text that does not fit here',
    remedy:
      known?.remedy ??
      'Check indentation, colons and quotes at this place; quote text that holds `: `, `#`, `{` or `[`.',
  });
}

interface SyntaxHelp {
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

const bareInterpolation: SyntaxHelp = {
  message: 'A `${` stands unquoted inside braces or brackets, where `{` begins a mapping.',
  expected: 'quoted text, such as `"${NAME}"`',
  found: 'an unquoted `${`',
  remedy: 'Put it in quotes: `["${NAME}"]`.',
};

const syntaxHelp: Readonly<Record<string, SyntaxHelp>> & { readonly TAB_AS_INDENT: SyntaxHelp } = {
  TAB_AS_INDENT: {
    message: 'The line is indented with a tab.',
    expected: 'spaces',
    found: 'a tab',
    remedy: 'Replace the tab by spaces, two for each level.',
  },
  MULTIPLE_DOCS: {
    message: 'The file holds more than one document.',
    expected: 'one document',
    found: 'a line `---` that begins another',
    remedy: 'Keep one client per file; remove the `---` line.',
  },
  NON_STRING_KEY: {
    message: 'A key is not text.',
    expected: 'a word before the colon',
    found: 'a list, a mapping or an alias as key',
    remedy: 'Write the key as a word.',
  },
  BAD_ALIAS: {
    message: 'An alias refers to nothing.',
    expected: 'a plain value',
    found: 'an alias',
    remedy: 'Write the value out; quote text that begins with `*`.',
  },
  TAG_RESOLVE_FAILED: {
    message: 'YAML tags are not supported here.',
    expected: 'a plain value',
    found: 'a tag',
    remedy: 'Remove the word that begins with `!`.',
  },
};

/** Reports what its name says. */
export function reportKey(key: string, place: Place, path: string, faults: FaultList): void {
  faults.add({
    code: 'unknown_key',
    place,
    path,
    message: key === '<<' ? 'Merge keys are not supported here.' : `The key \`${key}\` is never allowed.`,
    expected: 'a key of this section',
    found: key === '<<' ? 'a merge key' : 'a name that JavaScript reserves',
    remedy: key === '<<' ? 'Write the keys out at each place.' : 'Remove the key.',
  });
}

/** Reports what its name says. */
export function reportDuplicate(place: Place, path: string, faults: FaultList): void {
  faults.add({
    code: 'duplicate_key',
    place,
    path,
    message: 'The key stands twice in one mapping.',
    expected: 'each key once',
    found: 'the same key again',
    remedy: 'Keep one of the two, and merge what stands below them.',
  });
}

/** Reports what its name says. */
export function reportDepth(place: Place, path: string, faults: FaultList): void {
  faults.add({
    code: 'syntax',
    place,
    path,
    message: `Values are nested more than ${maxDepth} levels deep.`,
    expected: `at most ${maxDepth} levels`,
    found: 'more',
    remedy: 'Flatten the structure; a client file needs five levels or so.',
  });
}

/** Reports what its name says. */
export function reportSize(place: Place, path: string, faults: FaultList): void {
  faults.add({
    code: 'syntax',
    place,
    path,
    message: `The file holds more than ${maxValues} values.`,
    expected: `at most ${maxValues} values`,
    found: 'more',
    remedy: 'Keep data out of the client file; it holds settings only.',
  });
}

/** Reports what its name says. */
export function reportVersion(place: Place, faults: FaultList): void {
  faults.add({
    code: 'syntax',
    place,
    path: '',
    message: 'The file asks for another version of YAML.',
    expected: 'YAML 1.2',
    found: 'a `%YAML` line',
    remedy: 'Remove the `%YAML` line.',
  });
}

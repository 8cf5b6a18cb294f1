import type { YAMLError } from 'yaml';
import type { FaultList } from '../faults.ts';
import type { Place } from './tree.ts';

/** Deepest nesting of mappings and lists. */
export const maxDepth = 32;
/** Most values in one file. */
export const maxValues = 20_000;

/** Reports what the parser found, in a person's words; `bare` says that it stumbled over an unquoted `${`. */
export function reportSyntax(error: YAMLError, place: Place, bare: boolean, faults: FaultList): void {
  const known = bare ? bareInterpolation : helpFor(error);
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

function helpFor({ code, message }: YAMLError): SyntaxHelp | undefined {
  if (code === 'TAB_AS_INDENT' || /\btabs?\b/i.test(message)) return syntaxHelp.TAB_AS_INDENT;
  if (code === 'MISSING_CHAR' && !/quote/.test(message)) return undefined;
  return syntaxHelp[code];
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
  MULTILINE_IMPLICIT_KEY: {
    message: 'The line is indented deeper than the line above it, which has its value already.',
    expected: 'keys of one section below each other',
    found: 'deeper indentation',
    remedy: 'Indent the line like the one above it, or put the value above it in quotes.',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'The value holds a colon and a space, which begin a mapping.',
    expected: 'a plain value, or text in quotes',
    found: 'a second `: ` in the line',
    remedy: 'Put the value in quotes: `name: "ACME: Europe"`.',
  },
  MISSING_CHAR: {
    message: 'A text that begins with a quote has no closing one.',
    expected: 'the same quote at the end of the text',
    found: 'the end of the file, or a line that is indented less',
    remedy: 'Close the quote where the text ends.',
  },
  BAD_SCALAR_START: {
    message: 'Text that begins with this character must stand in quotes.',
    expected: 'a plain value, or text in quotes',
    found: 'a character that YAML reserves',
    remedy: 'Put the whole text in quotes.',
  },
  BAD_DQ_ESCAPE: {
    message: 'In double quotes a backslash begins an escape, and there is none of this name.',
    expected: 'an escape such as `\\\\` or `\\n`',
    found: 'another character after the backslash',
    remedy: 'Use single quotes, in which a backslash is a backslash, or write it twice.',
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

/** Reports a key with a space in it that looks like an ordinary one, as texts copied from web pages have them. */
export function reportInvisible(place: Place, faults: FaultList): void {
  faults.add({
    code: 'syntax',
    place,
    path: '',
    message: 'Before or in the key stands a space of another kind, such as a non-breaking one.',
    expected: 'ordinary spaces (U+0020)',
    found: 'a space that only looks like one',
    remedy: 'Delete the spaces of this line and type them again.',
  });
}

/** Reports a key that cannot be kept. */
export function reportUnstorable(place: Place, faults: FaultList): void {
  faults.add({
    code: 'syntax',
    place,
    path: '',
    message: 'The key holds the character U+0000, or half of a character.',
    expected: 'characters that a database can keep',
    found: 'an escape such as `\\0` or `\\ud800`',
    remedy: 'Remove the escape.',
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

/** Reports a file that is too long to be parsed. */
export function reportMarks(place: Place, most: number, faults: FaultList): void {
  faults.add({
    code: 'syntax',
    place,
    path: '',
    message: `The file holds more than ${most} words, marks and line ends.`,
    expected: `at most ${most} of them`,
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

import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Variables } from './environment.ts';
import type { FaultList } from '../faults.ts';
import { reasonOf, textOf } from './read-file.ts';
import { refusedKeys } from '../refused-keys.ts';
import { renderPath } from './tree.ts';
import type { Path, ScalarNode, TreeNode } from './tree.ts';

/** Longest file behind `${file:...}`: 64 KiB. */
const maxSecretFileBytes = 65_536;

/** What interpolation needs, and what it leaves behind. */
export interface Interpolation {
  readonly variables: Variables;
  /** Folder against which `${file:...}` paths are resolved. */
  readonly folder: string;
  readonly faults: FaultList;
  /** Names of variables that the file asked for. */
  readonly used: Set<string>;
  /** Files that `${file:...}` named, absolute; the watcher watches them. */
  readonly files: Set<string>;
}

/**
 * Resolves `${VAR}`, `${VAR:-default}` (also where VAR is empty) and `${file:/path}` in every text of a tree;
 * `$${` writes `${` itself. A file's last line end and its byte order mark are dropped, and
 * its text counts as a secret.
 */
export async function interpolate(
  node: TreeNode,
  path: Path,
  interpolation: Interpolation,
): Promise<TreeNode> {
  // What is refused is not looked up: that its variable is missing would be a misleading second fault.
  if (Object.hasOwn(refusedKeys, renderPath(path))) return node;
  if (node.kind === 'mapping') {
    const entries = new Map(node.entries);
    for (const [key, entry] of node.entries)
      entries.set(key, { ...entry, node: await interpolate(entry.node, [...path, key], interpolation) });
    return { ...node, entries };
  }
  if (node.kind === 'sequence') {
    const items: TreeNode[] = [];
    for (const [index, item] of node.items.entries())
      items.push(await interpolate(item, [...path, index], interpolation));
    return { ...node, items };
  }
  return typeof node.value === 'string' && node.value.includes('${')
    ? interpolateText(node, node.value, path, interpolation)
    : node;
}

async function interpolateText(
  node: ScalarNode,
  text: string,
  path: Path,
  interpolation: Interpolation,
): Promise<ScalarNode> {
  let result = '';
  let secret = false;
  let unresolved = false;
  const from: string[] = [];
  let rest = text;
  for (;;) {
    const start = rest.indexOf('${');
    if (start === -1) break;
    if (rest[start - 1] === '$') {
      result += `${rest.slice(0, start - 1)}\${`;
      rest = rest.slice(start + 2);
      continue;
    }
    const end = rest.indexOf('}', start);
    const expression = end === -1 ? undefined : rest.slice(start + 2, end);
    const resolved = await resolveExpression(expression, node, path, interpolation);
    from.push(rest.slice(start, end === -1 ? undefined : end + 1));
    secret ||= expression?.startsWith('file:') ?? false;
    unresolved ||= resolved === undefined;
    result += rest.slice(0, start) + (resolved ?? '');
    rest = end === -1 ? '' : rest.slice(end + 1);
  }
  // What could not be resolved is reported already; validation passes over it.
  if (unresolved) return { ...node, value: null, unresolved };
  const value = result + rest;
  return from.length === 0 ? { ...node, value } : { ...node, value, from: shown(from), secret };
}

/** The expressions without their defaults, which may be anything. */
function shown(expressions: readonly string[]): string {
  return expressions.map((expression) => expression.replace(/:-.*\}$/s, '}')).join(', ');
}

async function resolveExpression(
  expression: string | undefined,
  node: ScalarNode,
  path: Path,
  interpolation: Interpolation,
): Promise<string | undefined> {
  if (expression?.startsWith('file:')) return readSecretFile(expression.slice(5), node, path, interpolation);
  // The expression ends at the first `}`: of one within a default the rest would silently become text.
  const isNested = expression?.includes('${') ?? false;
  const parts = isNested ? null : /^([A-Za-z_]\w*)(:-(.*))?$/s.exec(expression ?? '');
  const [, name, withDefault, fallback] = parts ?? [];
  if (name === undefined) {
    interpolation.faults.add({
      code: 'bad_interpolation',
      place: node.place,
      path: renderPath(path),
      message:
        expression === undefined
          ? 'A `${` has no closing `}`.'
          : isNested
            ? 'A `${...}` stands within another one.'
            : 'What stands in `${...}` is not understood.',
      expected: '${NAME}, ${NAME:-default} or ${file:/path}',
      found: 'another text',
      remedy: 'Correct the expression, or write `$${` for a literal `${`.',
    });
    return undefined;
  }
  interpolation.used.add(name);
  const variable = interpolation.variables.get(name);
  if (withDefault !== undefined && (variable === undefined || variable.text === '')) return fallback ?? '';
  if (variable !== undefined) return variable.text;
  interpolation.faults.add({
    code: 'missing_variable',
    place: node.place,
    path: renderPath(path),
    message: `The variable ${name} is not set.`,
    expected: `${name} in the environment, or in \`.env\` beside the file`,
    found: 'nothing',
    remedy: `Set ${name}, or give it a default: \${${name}:-value}.`,
  });
  return undefined;
}

async function readSecretFile(
  name: string,
  node: ScalarNode,
  path: Path,
  interpolation: Interpolation,
): Promise<string | undefined> {
  const file = resolve(interpolation.folder, name);
  const refuse = (message: string, found: string, remedy: string): undefined => {
    interpolation.faults.add({
      code: 'unreadable',
      place: node.place,
      path: renderPath(path),
      message: `The file ${file} ${message}.`,
      expected: `a readable file of text, at most ${maxSecretFileBytes} bytes`,
      found,
      remedy,
    });
  };
  interpolation.files.add(file);
  try {
    const about = await stat(file);
    if (!about.isFile()) return refuse('is not a file', 'a folder or device', 'Name the file itself.');
    if (about.size > maxSecretFileBytes)
      return refuse('is too long for a secret', `${about.size} bytes`, 'Name a file with the secret alone.');
    const text = textOf(await readFile(file))?.replace(/\r?\n$/, '');
    if (text === undefined)
      return refuse('is not valid UTF-8', 'bytes in another encoding', 'Save it as plain UTF-8 text.');
    if (text === '') return refuse('is empty', 'nothing', 'Write the secret into it.');
    return text;
  } catch (error) {
    const reason = reasonOf(error);
    return refuse(`cannot be read: ${reason.message}`, reason.message, reason.remedy);
  }
}

import type { FaultList } from '../faults.ts';
import { nearest } from './nearest.ts';
import { refusedKeys } from '../refused-keys.ts';
import { choicesOf, expectationOf, isMappingSchema } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { kindOf, renderPath } from '../source/tree.ts';
import type { Path, Place, ScalarNode, TreeNode } from '../source/tree.ts';

/** Where validation reports, collects secrets and resolves paths. */
export interface Validation {
  readonly faults: FaultList;
  readonly secrets: Secrets;
  /** Folder against which relative paths are resolved. */
  readonly folder: string;
  /** The path as it stands in the file, for faults; default `renderPath`. */
  readonly nameOf?: (path: Path) => string;
}

/** A path as it stands in the file. */
export function nameOf(path: Path, validation: Validation): string {
  return (validation.nameOf ?? renderPath)(path);
}

/** Reports a key that is not known, or refused; the remedy is `advice`, else the known key most like it. */
export function reportUnknownKey(
  known: readonly string[],
  shape: SchemaNode,
  key: string,
  place: Place,
  parent: Path,
  validation: Validation,
  advice?: string,
): void {
  // Looking for a name like it takes far longer than to read the key.
  if (validation.faults.isFull) {
    validation.faults.passOver(1);
    return;
  }
  const path = nameOf([...parent, key], validation);
  const refused = Object.hasOwn(refusedKeys, path) ? refusedKeys[path] : undefined;
  if (refused !== undefined) {
    const { message, remedy } = refused;
    const found = 'a refused key';
    validation.faults.add({
      code: 'refused_key',
      place,
      path,
      message,
      expected: 'no such key',
      found,
      remedy,
    });
    return;
  }
  const guess = nearest(key, known);
  validation.faults.add({
    code: 'unknown_key',
    place,
    path,
    message: `There is no key \`${key}\` here.`,
    expected: expectedKeys(known, Object.keys(shape.patternProperties ?? {})),
    found: 'an unknown key',
    remedy:
      advice ?? (guess === undefined ? 'Remove the key, or correct its name.' : `Did you mean \`${guess}\`?`),
  });
}

function expectedKeys(known: readonly string[], patterns: readonly string[]): string {
  if (known.length > 0) return `one of ${known.map((name) => `\`${name}\``).join(', ')}`;
  return patterns.length > 0 ? `keys that match ${patterns.join(' or ')}` : 'no keys';
}

/** Reports a key that must be there and is not. */
export function reportMissing(shape: SchemaNode, place: Place, path: Path, validation: Validation): void {
  const key = String(path.at(-1));
  const example = shape.examples?.[0];
  validation.faults.add({
    code: 'missing_key',
    place,
    path: nameOf(path, validation),
    message: `The key \`${key}\` is missing.`,
    expected: expectationOf(shape),
    found: 'nothing',
    remedy:
      shape['x-remedy'] ??
      `Add \`${key}:\`${typeof example === 'string' ? `, such as \`${key}: ${example}\`` : ''}.`,
  });
}

/** Reports a value of the wrong kind or beyond what its schema allows. */
export function reportWrong(shape: SchemaNode, node: TreeNode, path: Path, validation: Validation): void {
  if (validation.faults.isFull) {
    validation.faults.passOver(1);
    return;
  }
  const rightKind = node.kind === 'scalar' && isRightKind(shape, node);
  const origin = node.kind === 'scalar' && node.from !== undefined ? ` (from ${node.from})` : '';
  validation.faults.add({
    code: rightKind ? 'out_of_bounds' : 'wrong_type',
    place: node.place,
    path: nameOf(path, validation),
    message: rightKind ? 'The value is not one that is allowed here.' : 'The value is of the wrong kind.',
    expected: expectationOf(shape),
    found: kindOf(node) + origin,
    remedy: slipIn(shape, node) ?? shape['x-remedy'] ?? adviceFor(shape, node),
  });
}

function isRightKind(shape: SchemaNode, node: ScalarNode): boolean {
  const choices = choicesOf(shape);
  if (choices !== undefined) return typeof node.value === 'string';
  if (shape.type === 'integer') return Number.isInteger(node.value);
  return shape.type === typeof node.value;
}

/** What to do where the value shows how it was meant. */
function slipIn(shape: SchemaNode, node: TreeNode): string | undefined {
  if (isMappingSchema(shape) && node.kind === 'sequence')
    return 'Write its keys below it, indented by two spaces, without `- ` before them.';
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.from !== undefined) return undefined;
  if (isMappingSchema(shape) && /^[\w-]+:\S/.test(node.value))
    return 'Put a space after each colon: `key: value`.';
  if (/^\$[A-Za-z_]\w*$/.test(node.value)) return 'Put the name of the variable in braces: `${NAME}`.';
  return undefined;
}

function adviceFor(shape: SchemaNode, node: TreeNode): string {
  const value = node.kind === 'scalar' ? node.value : undefined;
  const choices = choicesOf(shape);
  const guess = choices !== undefined && typeof value === 'string' ? nearest(value, choices) : undefined;
  if (guess !== undefined) return `Did you mean \`${guess}\`?`;
  if (value === null) return 'Give it a value, or remove the key to take the default.';
  if (shape.type === 'boolean' && typeof value === 'string')
    return 'Write `true` or `false`, without quotes.';
  if ((shape.type === 'integer' || shape.type === 'number') && typeof value === 'string')
    return node.kind === 'scalar' && node.from !== undefined
      ? 'Give a number alone, without a unit.'
      : 'Write the number without quotes and without a unit.';
  if (shape.type === 'string' && value !== undefined && typeof value !== 'string')
    return 'Put the value in quotes if it is meant as text.';
  if (shape.type === 'array') return 'Write each item on a line of its own after `- `.';
  if (isMappingSchema(shape)) return 'Write its keys below it, indented by two spaces.';
  return `Change it to ${expectationOf(shape)}.`;
}

/** Where something was written; line and column start at 1. */
export interface Place {
  /** Path of the YAML or `.env` file, or `environment`, `command line`, `built-in defaults`. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One value that is neither a mapping nor a list. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly place: Place;
  /**
   * Where a text was taken from when it was not written in place (`${PORT}`, `the variable DATABASE_URL`); such a
   * text is read as the type that its key wants.
   */
  readonly from?: string;
  /** Whether it came from a file of secrets, and so is masked wherever it is shown. */
  readonly secret: boolean;
  /** Whether a variable or file behind it is missing: that is reported, and its value is not looked at. */
  readonly unresolved?: boolean;
}

/** Values by key, in the order they were written. */
export interface MappingNode {
  readonly kind: 'mapping';
  readonly entries: Map<string, MappingEntry>;
  readonly place: Place;
}

/** One key of a mapping, and where the key itself stands. */
export interface MappingEntry {
  readonly keyPlace: Place;
  readonly node: TreeNode;
}

/** A list. */
export interface SequenceNode {
  readonly kind: 'sequence';
  readonly items: readonly TreeNode[];
  readonly place: Place;
}

/** A configuration as it was written, each value with its place. */
export type TreeNode = ScalarNode | MappingNode | SequenceNode;

/** A path into a configuration: keys, and indexes of lists. */
export type Path = readonly (string | number)[];

/** `server.trusted_proxies[0]`; a key that is not plain is quoted: `plugins.hosts["a.b"]`. */
export function renderPath(path: Path): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (/^[\w-]+$/.test(segment)) text += text === '' ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment)}]`;
  }
  return text;
}

/** Kind of a value in a person's words; never the value. */
export function kindOf(node: TreeNode): string {
  if (node.kind === 'mapping') return 'a mapping';
  if (node.kind === 'sequence') return 'a list';
  if (node.value === null) return 'nothing';
  if (node.value === '') return 'empty text';
  if (typeof node.value === 'string') return 'text';
  if (typeof node.value === 'number') return Number.isInteger(node.value) ? 'a whole number' : 'a number';
  return node.value ? '`true`' : '`false`';
}

/** An empty mapping at a place. */
export function emptyMapping(place: Place): MappingNode {
  return { kind: 'mapping', entries: new Map(), place };
}

/** A scalar written as it stands. */
export function scalar(value: ScalarNode['value'], place: Place): ScalarNode {
  return { kind: 'scalar', value, place, secret: false };
}

/** The node at a path, `undefined` where the path does not lead through mappings to one. */
export function nodeAt(root: TreeNode, path: readonly string[]): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const key of path) node = node?.kind === 'mapping' ? node.entries.get(key)?.node : undefined;
  return node;
}

/**
 * Puts a node at a path, making the mappings that lead there. Where something other than a mapping stands in the way
 * nothing changes: that is a fault which validation reports at its own place.
 */
export function putAt(root: MappingNode, path: readonly string[], node: TreeNode): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    root.entries.set(key, { keyPlace: node.place, node });
    return;
  }
  const entry = root.entries.get(key);
  if (entry?.node.kind === 'mapping') {
    putAt(entry.node, rest, node);
  } else if (entry === undefined || (entry.node.kind === 'scalar' && entry.node.value === null)) {
    const mapping = emptyMapping(node.place);
    root.entries.set(key, { keyPlace: entry?.keyPlace ?? node.place, node: mapping });
    putAt(mapping, rest, node);
  }
}

/** A plain value as a tree, all of it at one place. */
export function treeOf(value: unknown, place: Place): TreeNode {
  if (Array.isArray(value))
    return { kind: 'sequence', items: value.map((item) => treeOf(item, place)), place };
  if (typeof value === 'object' && value !== null) {
    const mapping = emptyMapping(place);
    for (const [key, item] of Object.entries(value)) putAt(mapping, [key], treeOf(item, place));
    return mapping;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return scalar(value, place);
  return scalar(null, place);
}

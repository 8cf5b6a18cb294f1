import { parsePattern } from './pattern.ts';

/** One registered value; higher priorities come first, equal ones in the order of registration. */
interface Entry<Value> {
  readonly value: Value;
  readonly priority: number;
  readonly order: number;
}

interface Node<Value> {
  readonly children: Map<string, Node<Value>>;
  readonly entries: Entry<Value>[];
}

const createNode = <Value>(): Node<Value> => ({ children: new Map(), entries: [] });

/** Types remembered at a time; far above what an appliance declares, it bounds what foreign input could add. */
const maxRemembered = 4_096;

/** Values by pattern, looked up by event type; lookups are remembered until the next change. */
export class PatternTrie<Value> {
  readonly #root: Node<Value> = createNode();
  readonly #remembered = new Map<string, readonly Value[]>();
  #order = 0;

  /**
   * Registers a value; disposing the result takes it out again.
   * @param priority higher first; default 1. Throws `EVENT_PATTERN_INVALID`.
   */
  add(pattern: string, value: Value, priority = 1): Disposable {
    let node = this.#root;
    for (const part of parsePattern(pattern)) {
      let child = node.children.get(part);
      if (child === undefined) {
        child = createNode();
        node.children.set(part, child);
      }
      node = child;
    }
    const entry: Entry<Value> = { value, priority, order: this.#order++ };
    node.entries.push(entry);
    this.#remembered.clear();
    return { [Symbol.dispose]: () => this.#remove(node, entry) };
  }

  /** The values whose pattern matches, by priority, then by registration. */
  match(type: string): readonly Value[] {
    const known = this.#remembered.get(type);
    if (known !== undefined) return known;
    const found = new Set<Entry<Value>>();
    collect(this.#root, type.split('.'), 0, found);
    const values = [...found]
      .toSorted((left, right) => right.priority - left.priority || left.order - right.order)
      .map((entry) => entry.value);
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    this.#remembered.set(type, values);
    return values;
  }

  #remove(node: Node<Value>, entry: Entry<Value>): void {
    const index = node.entries.indexOf(entry);
    if (index < 0) return;
    node.entries.splice(index, 1);
    this.#remembered.clear();
  }
}

function collect<Value>(
  node: Node<Value>,
  type: readonly string[],
  from: number,
  found: Set<Entry<Value>>,
): void {
  const deep = node.children.get('**');
  if (deep !== undefined) {
    for (let skip = from; skip <= type.length; skip += 1) collect(deep, type, skip, found);
  }
  const part = type[from];
  if (part === undefined) {
    for (const entry of node.entries) found.add(entry);
    return;
  }
  for (const name of [part, '*']) {
    const child = node.children.get(name);
    if (child !== undefined) collect(child, type, from + 1, found);
  }
}

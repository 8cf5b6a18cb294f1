import type { Entry } from './window.ts';

/** The events of one key. One piece of work at a time holds it, which is what keeps its order. */
export interface Key {
  readonly name: string;
  readonly entries: Entry[];
  busy: boolean;
  /** An earlier event of the key is parked: what is read is parked behind it. */
  blocked: boolean;
  /** The first parked event may be tried. */
  due: boolean;
}

/** The keys of one subscription by what can be done with them. */
export class Keys {
  readonly #all = new Map<string, Key>();
  readonly #ready = new Set<Key>();
  readonly #toPark = new Set<Key>();
  readonly #due = new Set<Key>();
  #readyEntries = 0;

  constructor(blocked: Iterable<string>) {
    for (const name of blocked) this.#get(name).blocked = true;
  }

  /** Whether there is anything to take. */
  get hasWork(): boolean {
    return this.#ready.size > 0 || this.#due.size > 0 || this.#toPark.size > 0;
  }

  get blockedCount(): number {
    let count = 0;
    for (const key of this.#all.values()) if (key.blocked) count += 1;
    return count;
  }

  add(entry: Entry): void {
    const key = this.#get(entry.key);
    key.entries.push(entry);
    if (this.#ready.has(key)) this.#readyEntries += 1;
    else this.#file(key);
  }

  /** Notes that the first parked event of a key may be tried; a key unknown so far is blocked by it. */
  markDue(name: string): void {
    const key = this.#get(name);
    this.#unfile(key);
    key.blocked = true;
    key.due = true;
    this.#file(key);
  }

  /** A key whose parked events can go on, made busy. */
  takeDue(): Key | undefined {
    return this.#takeFirst(this.#due);
  }

  /** A blocked key with events to park, made busy. */
  takeToPark(): Key | undefined {
    return this.#takeFirst(this.#toPark);
  }

  /**
   * Events to be handled in one transaction, ascending by position; their keys are made busy.
   * The ready ones are spread over the free lanes, at most `most` each.
   */
  takeBatch(
    freeLanes: number,
    most: number,
  ): { readonly entries: Entry[]; readonly keys: Key[] } | undefined {
    if (this.#ready.size === 0) return undefined;
    const share = Math.min(most, Math.max(1, Math.ceil(this.#readyEntries / freeLanes)));
    const entries: Entry[] = [];
    const keys: Key[] = [];
    for (const key of this.#ready) {
      const [first] = key.entries;
      if (first === undefined) continue;
      if (first.alone && entries.length > 0) continue;
      this.#unfile(key);
      key.busy = true;
      keys.push(key);
      const next = key.entries.findIndex((entry) => entry.alone);
      const count = first.alone ? 1 : Math.min(share - entries.length, next < 0 ? key.entries.length : next);
      entries.push(...key.entries.splice(0, count));
      if (first.alone || entries.length >= share) break;
    }
    entries.sort((left, right) => left.stamped.position - right.stamped.position);
    return { entries, keys };
  }

  /** Puts events back to the front of their key, in order. */
  putBack(entries: readonly Entry[]): void {
    for (const entry of entries.toReversed()) this.#get(entry.key).entries.unshift(entry);
  }

  /** Takes out an event that was put back. */
  drop(entry: Entry): void {
    const { entries } = this.#get(entry.key);
    const index = entries.indexOf(entry);
    if (index >= 0) entries.splice(index, 1);
  }

  /** Notes that an event of the key was parked. The key is busy meanwhile. */
  block(name: string): void {
    this.#get(name).blocked = true;
  }

  /** Ends the work on a key. */
  free(key: Key): void {
    key.busy = false;
    if (!key.blocked && key.entries.length === 0) this.#all.delete(key.name);
    else this.#file(key);
  }

  #get(name: string): Key {
    let key = this.#all.get(name);
    if (key === undefined) {
      key = { name, entries: [], busy: false, blocked: false, due: false };
      this.#all.set(name, key);
    }
    return key;
  }

  #takeFirst(keys: Set<Key>): Key | undefined {
    const [key] = keys;
    if (key === undefined) return undefined;
    this.#unfile(key);
    key.busy = true;
    return key;
  }

  #file(key: Key): void {
    if (key.busy) return;
    if (key.blocked) {
      if (key.entries.length > 0) this.#toPark.add(key);
      if (key.due) this.#due.add(key);
    } else if (key.entries.length > 0) {
      this.#ready.add(key);
      this.#readyEntries += key.entries.length;
    }
  }

  #unfile(key: Key): void {
    if (this.#ready.delete(key)) this.#readyEntries -= key.entries.length;
    this.#toPark.delete(key);
    this.#due.delete(key);
  }
}

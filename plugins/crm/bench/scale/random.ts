/**
 * Numbers that look random and are the same for one seed, 0 <= n < 1 (mulberry32, Tommy Ettinger,
 * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c).
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Picks from lists: early items more often than late ones, as names of people are spread. */
export function createPicker(random: () => number) {
  return {
    /** Each item as often as any other. */
    evenly: <Item>(items: readonly Item[]): Item => itemAt(items, Math.floor(random() * items.length)),
    /** The first items far more often than the last. */
    unevenly: <Item>(items: readonly Item[]): Item => itemAt(items, Math.floor(random() ** 3 * items.length)),
    /** A whole number from 0 to below `bound`. */
    below: (bound: number): number => Math.floor(random() * bound),
    /** A whole number from 0 to below `bound`, the first far more often than the last. */
    skewed: (bound: number): number => Math.floor(random() ** 3 * bound),
    /** True in this share of the calls. */
    chance: (share: number): boolean => random() < share,
  };
}

function itemAt<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError('there is nothing to pick from');
  return item;
}

/**
 * The known name most like a given one, `undefined` when none is near: at most a third of its letters differ, or one
 * of the two is a part of the other. Distance is Damerau-Levenshtein restricted to adjacent swaps (optimal string
 * alignment).
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(Math.min(name.length, 64) / 3)) + 1;
  const asked = normalise(name);
  for (const candidate of known) {
    const other = normalise(candidate);
    const distance = isPart(asked, other) ? 1 : distanceOf(asked, other);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Up to three names most like a given one, the most like first. */
export function nearestNames(name: string, known: Iterable<string>): string[] {
  const left = new Set(known);
  const found: string[] = [];
  for (let best = nearest(name, left); best !== undefined && found.length < 3; best = nearest(name, left)) {
    found.push(best);
    left.delete(best);
  }
  return found;
}

function isPart(one: string, other: string): boolean {
  return Math.min(one.length, other.length) >= 3 && (one.includes(other) || other.includes(one));
}

/** `rateLimit`, `rate-limit` and `RATE_LIMIT` are all written `rate_limit` here. */
function normalise(name: string): string {
  return name
    .slice(0, 64)
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

function distanceOf(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1] ? 0 : 1;
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + same);
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped && row > 1 && column > 1) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, other.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

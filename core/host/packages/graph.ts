/** A directed graph by names; an edge leads from a consumer to what it depends on. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The shortest way from a node back to itself, `['a', 'b', 'a']`, or undefined when there is none. Of several as
 * short the one whose edges stand first in the graph.
 */
export function cycleThrough(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return trace(cameFrom, start, node);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

/**
 * Every node after what it depends on; among those that could come next, the first by name. `preferred` edges are
 * kept where that is possible and otherwise dropped one node at a time; `graph` must have no cycle.
 */
export function dependenciesFirst(graph: Graph, preferred: Graph = new Map()): string[] {
  const waiting = new Set([...graph.keys()].toSorted());
  const order: string[] = [];
  const isFree = (name: string, edges: Graph) =>
    [...(edges.get(name) ?? [])].every((other) => other === name || !waiting.has(other));
  while (waiting.size > 0) {
    const free = [...waiting].filter((name) => isFree(name, graph));
    const next = free.find((name) => isFree(name, preferred)) ?? free[0];
    if (next === undefined) throw new TypeError(`cycle among ${[...waiting].join(', ')}`);
    waiting.delete(next);
    order.push(next);
  }
  return order;
}

function trace(cameFrom: ReadonlyMap<string, string>, start: string, last: string): string[] {
  const path = [start];
  for (let node: string | undefined = last; node !== undefined && node !== start; node = cameFrom.get(node)) {
    path.unshift(node);
  }
  return [start, ...path];
}

import type { AppError } from '@orchestrall/sdk';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Whatever answers the requests below a prefix, such as a plugin's child. */
export interface GatewayTarget {
  dispatch(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** One row of the table. */
export interface PrefixTarget {
  /** Absolute path without a `/` at its end, such as `/api/v1/crm`; matched at segment borders, longest first. */
  readonly prefix: string;
  readonly target: GatewayTarget;
}

/** Stands in the gateway's table for a plugin that does not serve: its requests get the error made for each. */
export interface Refusal {
  readonly createError: () => AppError;
}

/** A refusal of every request below a prefix, with an error such as `PLUGIN_DISABLED`. */
export function refuseWith(createError: () => AppError): Refusal {
  return { createError };
}

/** One row of the gateway's table: who answers below a prefix, or why nobody does. */
export type PrefixEntry = Omit<PrefixTarget, 'target'> & {
  readonly target: GatewayTarget | Refusal;
};

interface Node {
  readonly label: string;
  target: GatewayTarget | undefined;
  /** By the next character's code, below 128. */
  readonly children: (Node | undefined)[];
}

const prefixPattern = /^(?:\/[A-Za-z0-9._~-]+)+$/;
const slash = 47;
const question = 63;
const hash = 35;

/**
 * Finds the target of a URL by its longest prefix, in a radix tree and without allocating. The raw path is compared:
 * what is written with escapes, dot segments or doubled slashes matches no prefix and is the core's to refuse.
 */
export class PrefixTable {
  readonly #root: Node = { label: '', target: undefined, children: [] };

  /** Throws a TypeError on a prefix that is malformed or given twice. */
  constructor(entries: readonly PrefixTarget[]) {
    for (const { prefix, target } of entries) {
      if (!prefixPattern.test(prefix))
        throw new TypeError(`"${prefix}" is not a URL prefix such as /api/v1/crm`);
      insert(this.#root, prefix, target);
    }
  }

  /** The target of an origin-form URL (`/path?query`), undefined when no prefix matches. */
  find(url: string): GatewayTarget | undefined {
    let node: Node | undefined = this.#root;
    let position = 0;
    let found: GatewayTarget | undefined;
    while (node !== undefined) {
      if (!url.startsWith(node.label, position)) return found;
      position += node.label.length;
      // NaN at the end of the URL, which indexes nothing.
      const code: number = url.charCodeAt(position);
      if (node.target !== undefined && (position === url.length || isBorder(code))) found = node.target;
      node = node.children[code];
    }
    return found;
  }
}

function isBorder(code: number): boolean {
  return code === slash || code === question || code === hash;
}

function insert(parent: Node, rest: string, target: GatewayTarget): void {
  const code = rest.charCodeAt(0);
  const child = parent.children[code];
  if (child === undefined) {
    parent.children[code] = { label: rest, target, children: [] };
    return;
  }
  let common = 0;
  while (common < rest.length && rest[common] === child.label[common]) common += 1;
  let branch = child;
  if (common < child.label.length) {
    branch = { label: rest.slice(0, common), target: undefined, children: [] };
    branch.children[child.label.charCodeAt(common)] = { ...child, label: child.label.slice(common) };
    parent.children[code] = branch;
  }
  if (common < rest.length) insert(branch, rest.slice(common), target);
  else if (branch.target === undefined) branch.target = target;
  else throw new TypeError(`a URL prefix ending in "${rest}" is given twice`);
}

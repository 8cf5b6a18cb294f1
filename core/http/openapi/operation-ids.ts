import type { HTTPMethods } from 'fastify';

/**
 * Names operations for clients that are made from the document: what a route calls itself, else its method and path in
 * camelCase, such as `getCrmContactsById` of `GET /api/v1/crm/contacts/:id`. A name that is taken gets a number, and no
 * made-up name takes one that a route has chosen.
 */
export class OperationIds {
  readonly #taken = new Set<string>();
  readonly #chosen: ReadonlySet<string>;

  /** Takes the names that routes call themselves. */
  constructor(chosen: Iterable<string>) {
    this.#chosen = new Set(chosen);
  }

  /** A name that no operation before has got; `own` is what the route calls itself. */
  give(method: HTTPMethods, path: string, own: string | undefined): string {
    const wanted = own ?? derived(method, path);
    let id = wanted;
    const isFree = (name: string): boolean =>
      !this.#taken.has(name) && (name === own || !this.#chosen.has(name));
    for (let count = 2; !isFree(id); count += 1) id = `${wanted}${count}`;
    this.#taken.add(id);
    return id;
  }
}

function derived(method: string, path: string): string {
  const words = path
    .replace(/^\/api\/v\d+(?=\/)/, '')
    .split('/')
    .map((part) => part.replace(/^:(\w+).*$/, 'by-$1').replace('*', 'any'))
    .flatMap((part) => part.split(/[^A-Za-z0-9]+/))
    .filter((word) => word !== '');
  const capitals = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method.toLowerCase() + capitals.join('');
}

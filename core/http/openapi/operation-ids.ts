import type { HTTPMethods } from 'fastify';

/**
 * Names operations for clients that are made from the document: what a route calls itself, else its method and path in
 * camelCase, such as `getCrmContactsById` of `GET /api/v1/crm/contacts/:id`. A name that is taken gets a number.
 */
export class OperationIds {
  readonly #taken = new Set<string>();

  give(method: HTTPMethods, path: string, own: string | undefined): string {
    const wanted = own ?? derived(method, path);
    let id = wanted;
    for (let count = 2; this.#taken.has(id); count += 1) id = `${wanted}${count}`;
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

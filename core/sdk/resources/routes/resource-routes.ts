import { batchRoute } from './batch-route.ts';
import { createRoute, deleteRoute, updateRoute } from './change-routes.ts';
import { getRoute, listRoute, queryRoute } from './read-routes.ts';
import type { ResourceRoute, ResourceRoutesOptions } from './resource.ts';

const declarations: Readonly<Record<ResourceRoute, (options: ResourceRoutesOptions) => void>> = {
  list: listRoute,
  query: queryRoute,
  create: createRoute,
  get: getRoute,
  update: updateRoute,
  delete: deleteRoute,
  batch: batchRoute,
};

/**
 * Declares the routes of a resource, as every plugin has them: list, query, create, get, update, delete and batch, with
 * paging, filters, versions, idempotency, problem details and their description in OpenAPI.
 */
export function resourceRoutes(options: ResourceRoutesOptions): void {
  const { except = [] } = options.resource;
  for (const [name, declare] of Object.entries(declarations)) {
    if (!except.some((left) => left === name)) declare(options);
  }
}

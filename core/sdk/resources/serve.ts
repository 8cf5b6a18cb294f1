import type { PluginContext } from '../context.ts';
import { resourceRoutes } from './routes/resource-routes.ts';
import { createTableService } from './table/table-service.ts';
import type { TableResource } from './table/define-table.ts';

/** Serves a plain resource: call it in `setup`. */
export function serveTable(
  { http, database }: Pick<PluginContext<unknown, {}>, 'http' | 'database'>,
  resource: TableResource,
): void {
  resourceRoutes({ app: http.instance, resource, service: createTableService(resource, database), database });
}

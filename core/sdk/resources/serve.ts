import { serveBulk } from './bulk/serve-bulk.ts';
import type { BulkContext, BulkResource } from './bulk/serve-bulk.ts';
import { resourceRoutes } from './routes/resource-routes.ts';
import type { BulkService } from './service.ts';
import type { TableResource } from './table/define-table.ts';
import { createTableService } from './table/table-service.ts';
import type { TableRecord } from './table/table-store.ts';

/** What is particular about the bulk changes of a plain resource. */
export type TableServing = Pick<BulkResource, 'undoHours' | 'batchRecords'>;

/**
 * Serves a plain resource, changes by filter included: call it in `setup`. Returns its service, for relations of other
 * resources to it and for a contract.
 */
export function serveTable(
  context: BulkContext,
  resource: TableResource,
  serving: TableServing = {},
): BulkService<TableRecord> {
  const { http, database } = context;
  const service = createTableService(resource, database);
  resourceRoutes({ app: http.instance, resource, service, database });
  serveBulk(context, { resource, service, ...serving });
  return service;
}

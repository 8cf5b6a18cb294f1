import type { PluginContext } from '../../context.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { changeWork } from './change.ts';
import { bulkJobOptions, bulkJobs } from './ports.ts';
import type { BulkOptions } from './ports.ts';
import { createBulkRun } from './run.ts';
import { createBulkSweep } from './sweep.ts';
import { undoWork } from './undo.ts';

/** What `serveBulk` takes from the plugin's context. */
export type BulkContext = Pick<PluginContext<unknown, {}>, 'http' | 'jobs' | 'database' | 'directory'>;

/** Which resource, and what is particular about its bulk changes. */
export interface BulkResource extends Pick<BulkOptions, 'resource' | 'service'> {
  /** How long a bulk change can be undone; default 24. */
  readonly undoHours?: number;
  /** Records of one transaction; default 250. */
  readonly batchRecords?: number;
}

/**
 * Serves changes of a resource's records by filter: `POST <path>/bulk` with a preview, how far they are, cancel, undo,
 * the jobs that do them and a schedule that forgets what an undo needed. Call it in `setup`, once for each resource. The
 * tables are in the plugin's schema already, as long as it has migrations of its own.
 */
export function serveBulk(
  { http, jobs, database, directory }: BulkContext,
  { resource, service, undoHours = 24, batchRecords = 250 }: BulkResource,
): void {
  const options = { http, jobs, database, directory, resource, service, undoHours, batchRecords };
  const { change, undo, sweep } = bulkJobs(resource);
  bulkRoutes(options);
  jobs.handle(change, createBulkRun(options, changeWork(service)), bulkJobOptions);
  jobs.handle(undo, createBulkRun(options, undoWork(service)), bulkJobOptions);
  jobs.handle(sweep, createBulkSweep(options));
  jobs.schedule({ name: sweep.name, cron: '*/15 * * * *' }, sweep, {});
}

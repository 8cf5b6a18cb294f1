import Type from 'typebox';
import type { PluginContext } from '../../context.ts';
import { defineJob } from '../../jobs.ts';
import type { Job, JobOptions } from '../../jobs.ts';
import type { Resource } from '../routes/resource.ts';
import type { BulkService } from '../service.ts';
import type { People } from './requester.ts';
import { Id } from '../fields/schemas.ts';

/** What bulk changes of one resource stand on. */
export interface BulkOptions extends Pick<PluginContext<unknown, {}>, 'http' | 'jobs' | 'database'> {
  readonly directory: People;
  readonly resource: Resource;
  readonly service: BulkService;
  /** How long a bulk change can be undone, and the states from before are kept. */
  readonly undoHours: number;
  /** Records of one transaction. */
  readonly batchRecords: number;
}

/** A run of a bulk change's job. */
export type BulkJob = Job<{ readonly bulk_id: string }>;

/** The jobs of one resource's bulk changes. */
export function bulkJobs({ name }: Pick<Resource, 'name'>) {
  const noun = name.replaceAll(/[^a-z0-9_]+/g, '-');
  const payload = Type.Object({ bulk_id: Id });
  return {
    change: defineJob(`bulk.${noun}`, payload),
    undo: defineJob(`bulk-undo.${noun}`, payload),
    sweep: defineJob(`bulk-sweep.${noun}`, Type.Object({})),
  };
}

/** A day for what runs by itself; one at a time, so that two changes of the same records do not meet. */
export const bulkJobOptions = { attempts: 10, timeoutMs: 86_400_000 } as const satisfies JobOptions;

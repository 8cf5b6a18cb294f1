import { defineJob } from '@orchestrall/sdk';
import type { JobOptions } from '@orchestrall/sdk';
import { Id } from '@orchestrall/sdk/resources';
import Type from 'typebox';

/** Reads the stored file of one import into records. */
export const importJob = defineJob('import', Type.Object({ import_id: Id }));

/** A file may take hours; an attempt that ends early is resumed where it was. */
export const importJobOptions = {
  concurrency: 1,
  attempts: 8,
  timeoutMs: 24 * 3_600_000,
} satisfies JobOptions;

/** Takes away what broken uploads have left and imports that are old, and ends imports that nothing will end. */
export const sweepJob = defineJob('sweep-imports', Type.Object({}));

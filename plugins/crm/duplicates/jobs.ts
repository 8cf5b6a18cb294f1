import { defineJob } from '@orchestrall/sdk';
import type { JobOptions } from '@orchestrall/sdk';
import Type from 'typebox';

/** Looks for duplicates of the records that were written since the last run, or of all. */
export const matchJob = defineJob(
  'find-duplicates',
  Type.Object({
    all: Type.Optional(Type.Boolean({ description: 'Every record anew; default false.' })),
    waits: Type.Optional(
      Type.Boolean({ description: 'Leaves the machine to an import that runs; default false.' }),
    ),
  }),
);

/** A run over all records may take hours; an attempt that ends early is resumed where it was. */
export const matchJobOptions = {
  concurrency: 1,
  attempts: 8,
  timeoutMs: 12 * 3_600_000,
} satisfies JobOptions;

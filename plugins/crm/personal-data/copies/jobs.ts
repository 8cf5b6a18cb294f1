import { defineJob } from '@orchestrall/sdk';
import type { JobOptions } from '@orchestrall/sdk';
import { Id } from '@orchestrall/sdk/resources';
import Type from 'typebox';

/** Puts a copy of all that is held about a person together. */
export const copyJob = defineJob('export-personal-data', Type.Object({ export_id: Id }));

/** All tables and all of the history are gone through, which takes time. */
export const copyJobOptions = { attempts: 5, timeoutMs: 6 * 3_600_000 } satisfies JobOptions;

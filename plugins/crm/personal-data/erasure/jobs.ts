import { defineJob } from '@orchestrall/sdk';
import type { JobOptions } from '@orchestrall/sdk';
import { Id } from '@orchestrall/sdk/resources';
import Type from 'typebox';

/** Erases people, step by step. */
export const eraseJob = defineJob('erase-people', Type.Object({ erasure_id: Id }));

/** All tables and all of the history are gone through, which takes time. */
export const eraseJobOptions = { attempts: 10, timeoutMs: 24 * 3_600_000 } satisfies JobOptions;

/**
 * A process of its own that works on `steps` jobs, for tests that kill or pause it.
 * Argument: connection as JSON. Prints `step <n>` after each committed step, `refused <code>` when one was refused.
 */
import { defineJob } from '@orchestrall/sdk';
import Type from 'typebox';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerConnection } from '../../database/connection.ts';
import { createDatabase } from '../../database/engine.ts';
import { clock, owner, silent } from './support.ts';
import { createJobs } from '../engine.ts';
import { takeStep } from './steps.ts';

const steps = defineJob('steps', Type.Object({ count: Type.Integer() }));
const connection: ServerConnection = JSON.parse(process.argv[2] ?? '');
const say = (line: string) => process.stdout.write(`${line}\n`);

const database = await createDatabase({ connection, poolSize: 4, log: silent });
const engine = createJobs({ database, log: silent, clock, random: Math.random, pollMs: 50 });
await engine.start();
const registration = engine.forPlugin(owner());
registration.api.handle(
  steps,
  async (job) => {
    try {
      for (let next = 0; next < job.payload.count;) {
        next = await takeStep(job);
        say(`step ${next}`);
        await pause(5);
      }
    } catch (error) {
      say(`refused ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`);
      throw error;
    }
  },
  { leaseMs: 1000, attempts: 3 },
);
registration.activate();
say('ready');

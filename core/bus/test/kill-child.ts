// A process that writes and handles events until it is killed; see kill-harness.ts.
import { readFileSync } from 'node:fs';
import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';
import type { ServerConnection } from '../../database/connection.ts';
import { activate, createOwner, startReplica } from './fixture.ts';

interface Task {
  readonly connection: ServerConnection;
  readonly keys: number;
  /** Events of each key in all; 0 writes none. */
  readonly perKey: number;
  /** Share of deliveries that fail. */
  readonly failing: number;
  /** Its name among the replicas; default one that each process takes back at once after the last was killed. */
  readonly replica?: string;
  readonly leaseMs?: number;
}

const task: Task = JSON.parse(readFileSync(0, 'utf8'));
const recorded = defineEvent('load.recorded', Type.Object({ key: Type.Integer(), number: Type.Integer() }));

const replica = await startReplica(task.connection, {
  replica: task.replica ?? 'killed',
  leaseMs: task.leaseMs ?? 5_000,
  poolSize: 16,
});
await activate(replica, createOwner('load'), [recorded], (bus) => {
  bus.on(
    recorded,
    async (event, tx) => {
      const { key, number } = event.data;
      await tx.query('insert into effects (key, number) values ($1, $2)', [key, number]);
      if (Math.random() < task.failing) throw new Error('a failure by chance');
    },
    { from: 'start', attempts: 50, backoffMs: 10 },
  );
});
const database = replica.database.forPlugin('load');

/** One writer a key: source row and event in one transaction, going on where the last process ended. */
async function write(key: number): Promise<void> {
  const [last] = await database.query<{ number: number }>(
    'select coalesce(max(number), 0) as number from sources where key = $1',
    [key],
  );
  for (let number = (last?.number ?? 0) + 1; number <= task.perKey; number += 1) {
    await database.transaction(async (tx) => {
      await tx.query('insert into sources (key, number) values ($1, $2)', [key, number]);
      tx.emit(recorded, { key, number }, { subject: `k${key}` });
    });
  }
}

process.stdout.write('ready\n');
await Promise.all(Array.from({ length: task.keys }, (_, key) => write(key)));
process.stdout.write('written\n');

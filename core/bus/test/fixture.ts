import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus, Event, EventDefinition, Log } from '@orchestrall/sdk';
import type { ServerConnection } from '../../database/connection.ts';
import { startEmbeddedServer } from '../../database/embedded/server.ts';
import { createDatabase } from '../../database/engine.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import type { MigrationSet } from '../../database/migrate/run.ts';
import type { Owner, Registration } from '../../telemetry/owner.ts';
import { createBus } from '../bus-engine.ts';
import type { BusEngine, BusOptions } from '../bus-engine.ts';
import type { StampedEvent } from '../envelope.ts';

/** A PostgreSQL of its own. */
export interface Server extends AsyncDisposable {
  readonly connection: ServerConnection;
}

/** Starts an embedded PostgreSQL in a folder of its own, which goes with it; `durable` has it flush to the disk. */
export async function startServer(durable = false): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrall-bus-'));
  const server = await startEmbeddedServer({ folder, durable });
  return {
    connection: server.connection,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A log that tells nobody. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A log that keeps what it is told. */
export function createRecordingLog(): Log & {
  readonly lines: { level: string; message: string; fields: object }[];
} {
  const lines: { level: string; message: string; fields: object }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A stamped event with nothing particular about it. */
export function stampedEvent(position: number, event: Partial<Event> = {}): StampedEvent {
  return {
    position,
    visibleTo: null,
    event: {
      specversion: '1.0',
      id: `e${position}`,
      source: '/core/kernel',
      type: 'a.b',
      time: '2026-11-21T00:00:00.000Z',
      datacontenttype: 'application/json',
      data: {},
      ...event,
      position,
    },
  };
}

/** One process as tests see it: a pool and a bus on a database. */
export interface Replica extends AsyncDisposable {
  readonly database: DatabaseEngine;
  readonly bus: BusEngine;
}

/** The room's migrations, as a database is given them. */
export async function busMigrations(): Promise<MigrationSet> {
  const folder = new URL('../migrations', import.meta.url).pathname;
  return { owner: 'core/bus', migrations: await readMigrations(folder, 'core/bus') };
}

/** How a replica differs from what the product starts. */
export interface ReplicaOptions extends Omit<BusOptions, 'database' | 'log'> {
  readonly log?: Log;
  readonly poolSize?: number;
  /** Hears no notification, as when all of them are lost. */
  readonly deaf?: boolean;
}

/** Opens a pool, migrates and starts a bus on it. */
export async function startReplica(
  connection: ServerConnection,
  options: ReplicaOptions = {},
): Promise<Replica> {
  const { log = silentLog, poolSize = 12, deaf = false, ...rest } = options;
  const database = await createDatabase({ connection, poolSize, log });
  await database.migrate([await busMigrations()]);
  const heard = deaf
    ? { ...database, listen: async () => ({ [Symbol.asyncDispose]: async () => {} }) }
    : database;
  const bus = createBus({ database: heard, log, ...rest });
  await bus.start();
  return {
    database,
    bus,
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await database.close();
    },
  };
}

/** A plugin's generation that counts what runs and keeps the errors attributed to it. */
export interface TestOwner extends Owner {
  readonly running: () => number;
  readonly errors: unknown[];
}

/** Makes the owner of a generation whose code is that of the test. */
export function createOwner(plugin: string, generation = 1): TestOwner {
  let running = 0;
  const errors: unknown[] = [];
  return {
    plugin,
    version: '1.0.0',
    generation,
    errors,
    running: () => running,
    async run(_kind, work) {
      running += 1;
      try {
        return await work();
      } catch (error) {
        errors.push(error);
        throw error;
      } finally {
        running -= 1;
      }
    },
  };
}

/** Sets a plugin up and switches it on. */
export async function activate(
  replica: Replica,
  owner: Owner,
  declared: readonly EventDefinition[],
  setup: (bus: Bus) => void = () => undefined,
): Promise<Registration<Bus>> {
  await replica.database.preparePlugin(owner.plugin);
  const registration = replica.bus.forPlugin(owner, declared);
  setup(registration.api);
  await registration.prepare();
  registration.activate();
  return registration;
}

/** Collects things and resolves when there are enough, or rejects after a generous time. */
export function createCollector<Item>(deadlineMs = 30_000): {
  readonly items: Item[];
  add(item: Item): void;
  reach(count: number): Promise<Item[]>;
} {
  const items: Item[] = [];
  const waiting = new Set<() => void>();
  return {
    items,
    add(item) {
      items.push(item);
      for (const check of waiting) check();
    },
    reach: (count) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`${items.length} of ${count} arrived: ${JSON.stringify(items.slice(-5))}`));
        }, deadlineMs);
        const check = (): void => {
          if (items.length < count) return;
          waiting.delete(check);
          clearTimeout(timer);
          resolve([...items]);
        };
        waiting.add(check);
        check();
      }),
  };
}

/** Asks again until a condition holds; rejects after a generous time. */
export async function until(condition: () => Promise<boolean> | boolean, deadlineMs = 30_000): Promise<void> {
  const begun = performance.now();
  while (!(await condition())) {
    if (performance.now() - begun > deadlineMs) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

import { join } from 'node:path';
import { readMigrations } from '../database/migrate/migration.ts';
import type { MigrationSet } from '../database/migrate/run.ts';

/** Rooms with tables, in the order in which they may refer to each other. */
const rooms = [
  'audit',
  'bus',
  'jobs',
  'state',
  'webhooks',
  'flags',
  'auth',
  'host',
  'http',
  'kernel',
] as const;

/** The migrations of the core, room by room. */
export async function coreMigrations(): Promise<MigrationSet[]> {
  return Promise.all(
    rooms.map(async (room) => {
      const owner = `core/${room}`;
      const folder = join(import.meta.dirname, '..', room, 'migrations');
      return { owner, migrations: await readMigrations(folder, owner) };
    }),
  );
}

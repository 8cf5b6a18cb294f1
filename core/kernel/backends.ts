import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Secret, type Log } from '@orchestrall/sdk';
import type { LoadedConfiguration } from '../config/load.ts';
import { parseDatabaseUrl, type ServerConnection } from '../database/connection.ts';
import { startEmbeddedServer, type EmbeddedServer } from '../database/embedded/server.ts';
import { readOrMake } from './kept-text.ts';
import type { Stages } from './stages.ts';

/** The PostgreSQL this appliance runs on. */
export interface DatabaseServer {
  readonly connection: ServerConnection;
  /** Whether its disk is too full to write on; never for a server of others. */
  readonly writesRefused: () => boolean;
}

/** Opens the database that the client's YAML names, or starts our own in the data folder. */
export async function openDatabaseServer(options: {
  readonly configuration: LoadedConfiguration;
  /** Stands over the configuration. */
  readonly connection: ServerConnection | undefined;
  readonly dataFolder: string;
  readonly stages: Stages;
  readonly log: Log;
}): Promise<DatabaseServer> {
  const { configuration, dataFolder, stages, log } = options;
  if (options.connection !== undefined) {
    return { connection: options.connection, writesRefused: () => false };
  }
  const url = configuration.value.database.url;
  if (url !== undefined) {
    return { connection: parseDatabaseUrl(url.reveal()), writesRefused: () => false };
  }
  const server = await stages.start(
    'embedded PostgreSQL',
    async () => startOwnServer(join(dataFolder, 'postgres'), log),
    async (own) => own.stop(),
  );
  return { connection: server.connection, writesRefused: () => server.storageFull() };
}

async function startOwnServer(folder: string, log: Log): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({
    folder,
    log,
    onStorageChange: (full, freeBytes) => {
      if (full) log.error({ free_bytes: freeBytes }, 'the disk is almost full: writes are refused');
      else log.info({ free_bytes: freeBytes }, 'the disk has space again: writes are taken');
    },
    onUnexpectedExit: ({ code, signal, lastLines }) => {
      log.error({ code, signal, last_lines: lastLines }, 'PostgreSQL ended by itself; starting it again');
      void server.restart((error) => log.error({ error }, 'PostgreSQL could not be started; trying again'));
    },
  });
  return server;
}

/**
 * The key that seals signing keys and webhooks' secrets in the database: kept in the data folder, readable by its owner only. Replicas on a
 * database of others derive it from the password they share.
 */
export async function applianceKey(configuration: LoadedConfiguration, dataFolder: string): Promise<Secret> {
  const url = configuration.value.database.url;
  if (url !== undefined) {
    const { password } = parseDatabaseUrl(url.reveal());
    return new Secret(createHmac('sha256', password).update('orchestrall appliance key').digest('base64'));
  }
  return new Secret(await keptKey(dataFolder));
}

/** The key in the data folder, made at the first start. Throws `KEPT_FILE_UNUSABLE`. */
export async function keptKey(dataFolder: string): Promise<string> {
  return readOrMake({
    file: join(dataFolder, 'appliance.key'),
    make: () => randomBytes(32).toString('base64'),
    form: /^[\x20-\x7e]{16,}$/,
    remedy:
      'Put it back from a backup of the data folder. Deleting it makes a new key at the next start, but the signing ' +
      'keys sealed with the old one are lost: the rows of core.auth_keys must then be deleted, and everyone signs in ' +
      'again; each webhook then needs a new secret.',
  });
}

/** The key under which secrets enter the hash of a configuration, out of the appliance's own. */
export async function configurationHashKey(
  configuration: LoadedConfiguration,
  dataFolder: string,
): Promise<Secret> {
  const key = await applianceKey(configuration, dataFolder);
  return new Secret(createHmac('sha256', key.reveal()).update('hash of a configuration').digest('base64'));
}

/** A name for this process among the replicas, kept in the data folder. Throws `KEPT_FILE_UNUSABLE`. */
export async function replicaName(dataFolder: string): Promise<string> {
  return readOrMake({
    file: join(dataFolder, 'replica'),
    make: () => randomUUID(),
    form: /^[\x21-\x7e]+$/,
    remedy: 'Delete it: the next start gives this replica a new name, and nothing else is lost.',
  });
}

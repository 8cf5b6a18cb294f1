import type { Clock } from '@orchestrall/sdk';
import type { DestinationStream } from 'pino';
import type { Environment } from '../config/source/environment.ts';
import type { ServerConnection } from '../database/connection.ts';
import type { Host } from '../host/host.ts';
import type { Logs } from '../telemetry/logs.ts';
import type { CoreRooms } from './core-rooms.ts';

/** What an appliance is started with. */
export interface ApplianceOptions {
  /** The client's YAML; default the built-in client. */
  readonly file?: string | undefined;
  /** Folder for everything the appliance keeps; made when it is not there. */
  readonly dataFolder: string;
  /** From `readEnvironment()`. */
  readonly environment: Environment;
  /** What stands over the YAML, by path: `{ 'server.port': '0' }`. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Where log lines go. */
  readonly logDestination: DestinationStream;
  /** Folder of the plugins that come with the product; default the repository's. */
  readonly repository?: string | undefined;
  readonly clock?: Clock;
  /** A server to use in place of the one of the configuration: for tests. */
  readonly connection?: ServerConnection | undefined;
  /** Records where leaked handles were made, at the cost of a stack trace each; default false. */
  readonly recordStacks?: boolean;
  /**
   * Given the password of the administrator `admin` as soon as this start has made that user; what it throws ends the
   * start. Only a hash is kept, and a later start makes no other, so it must not wait for the rest of this one.
   */
  readonly onFirstPassword?: ((password: string) => Promise<void>) | undefined;
  /** Longest run of a plugin's `setup`, milliseconds; default 30,000. */
  readonly setupLimitMs?: number | undefined;
}

/** A running installation of the product. */
export interface Appliance extends AsyncDisposable {
  /** Where it is reached, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly rooms: CoreRooms;
  readonly host: Host;
  readonly logs: Logs;
  /** Reads the files of `server.tls` again; rejects and keeps the old certificate when they do not load. */
  reloadCertificate(): Promise<void>;
  /** Refuses new requests, lets those in flight finish, undoes everything in reverse order. Idempotent. */
  stop(reason: string): Promise<void>;
}

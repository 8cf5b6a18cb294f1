import type { Log } from '@orchestrall/sdk';
import type { ServerConnection } from './connection.ts';
import type { EffectPorts } from './effects.ts';
import { createListener } from './listener.ts';
import type { ListenOptions } from './listener.ts';
import { isPrepared, reportsWithoutWork } from './migrate/pending.ts';
import { migrate, purgePlugin } from './migrate/run.ts';
import type { MigrationReport, MigrationSet } from './migrate/run.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { createPluginShare } from './plugin-share.ts';
import { createPool } from './pool.ts';
import type { ConnectionPool, PoolStatistics } from './pool.ts';
import { answersProbe } from './probe.ts';
import { bootstrapPlugin, bootstrapRoles } from './roles.ts';
import { roleNames } from './scope.ts';
import type { RoleNames, Scope } from './scope.ts';
import { createScopedDatabase } from './scoped-database.ts';
import type { ScopedDatabase } from './scoped-database.ts';
import { createStallWatch } from './stall-watch.ts';

/** Which database, the bounds of waiting for it, and who is told. */
export interface DatabaseOptions {
  /** The administrative user; the serving login is derived from it. */
  readonly connection: ServerConnection;
  /** Beginning of every role's name; default `orchestrall`. 1 to 14 of a-z, 0-9 and `_`. */
  readonly rolePrefix?: string;
  /** Connections of this process; default 20. */
  readonly poolSize?: number;
  /** Longest wait for a free connection; default 5,000 ms. */
  readonly acquireTimeoutMs?: number;
  /** Longest run of one statement; default 30,000 ms. */
  readonly statementTimeoutMs?: number;
  /** Longest pause between two statements of a transaction that has no longer `timeoutMs`; default 60,000 ms. */
  readonly idleInTransactionMs?: number;
  /** Silence of the server beyond a statement's limit after which its connection is cut; default 10,000 ms. */
  readonly stallGraceMs?: number;
  /**
   * How long a server that is in doubt, since an answer has been awaited for a second, may answer nobody at all before
   * waits of usual length end with `DATABASE_UNAVAILABLE`; default 3,000 ms.
   */
  readonly silenceMs?: number;
  /** Shown by the server as `application_name` while a transaction runs, such as a `traceparent`. */
  readonly annotate?: () => string | undefined;
  /** While true, transactions are read-only and a write throws `STORAGE_FULL`. */
  readonly writesRefused?: () => boolean;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

/** The database room: pool, roles, migrations and notifications of one appliance. */
export interface DatabaseEngine extends AsyncDisposable {
  readonly names: RoleNames;
  /** As the core's role on the schema `core`. */
  core(): ScopedDatabase;
  /** As the plugin's role on its schema, which `preparePlugin` has made. Throws `PLUGIN_NAME_INVALID`. */
  forPlugin(name: string): ScopedDatabase;
  /**
   * Makes the plugin's role and schema, and the extensions of PostgreSQL that it asks for (none by default), which its
   * statements find without a schema's name; cheap when all are there. Throws `DATABASE_EXTENSION_UNAVAILABLE`.
   */
  preparePlugin(name: string, extensions?: readonly string[]): Promise<void>;
  /** Connects the rooms that store events, audit entries and jobs; ports given earlier and not named stay. */
  connectEffects(ports: EffectPorts): void;
  /** Runs the sets in order; see `migrate`. */
  migrate(sets: readonly MigrationSet[]): Promise<MigrationReport[]>;
  /** Drops a plugin's schema with all its data, and what is remembered of its migrations. */
  purge(plugin: string): Promise<void>;
  /** Hears NOTIFY on a channel; resolves when nothing sent from now on is missed. */
  listen(
    channel: string,
    handler: (payload: string) => void,
    options: ListenOptions,
  ): Promise<AsyncDisposable>;
  /** Rejects when the database does not answer; for health checks. */
  ping(): Promise<void>;
  statistics(): PoolStatistics;
  /** Waits for what is under way and closes every connection. */
  close(): Promise<void>;
}

/**
 * Connects to the database, making roles and the schema `core` when they are not there.
 * Throws as `bootstrapRoles` does.
 */
export async function createDatabase(options: DatabaseOptions): Promise<DatabaseEngine> {
  const names = roleNames(options.rolePrefix ?? 'orchestrall');
  const app = await bootstrapRoles(options.connection, names);
  const stalls = createStallWatch({
    graceMs: options.stallGraceMs ?? 10_000,
    silenceMs: options.silenceMs ?? 3_000,
    probe: async (limitMs) => answersProbe(app, limitMs),
    onChange(silent) {
      if (silent)
        options.log.error({}, 'the database answers nobody: what needs it is refused until it does');
      else options.log.warn({}, 'the database answers again');
    },
  });
  const { idleInTransactionMs = 60_000 } = options;
  const { poolSize = 20, acquireTimeoutMs = 5_000 } = options;
  const pool = createPool({
    connection: app,
    size: poolSize,
    acquireTimeoutMs,
    idleInTransactionMs,
    stalls,
    log: options.log,
  });
  const pluginShare = createPluginShare({ pool, poolSize, acquireTimeoutMs });
  const listener = createListener({ connection: app, log: options.log });
  let effects: EffectPorts = {};
  const scoped = (scope: Scope, connections: Pick<ConnectionPool, 'acquire'>): ScopedDatabase =>
    createScopedDatabase({
      pool: connections,
      scope,
      core: names.core,
      statementTimeoutMs: options.statementTimeoutMs ?? 30_000,
      idleInTransactionMs,
      effects: () => effects,
      stalls,
      annotate: options.annotate ?? (() => undefined),
      writesRefused: options.writesRefused ?? (() => false),
      log: options.log,
    });
  const core = scoped(names.core, pool);
  // At a start every plugin asks at the same moment: one connection has answered before others would be open.
  const inTurn = oneAtATime();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await listener.close();
      await pool.end();
      stalls[Symbol.dispose]();
    })();
    return closing;
  };
  return {
    names,
    core: () => core,
    forPlugin: (name) => scoped(names.plugin(name), pluginShare),
    async preparePlugin(name, extensions = []) {
      const scope = names.plugin(name);
      if (await inTurn(async () => isPrepared(core, names, scope, extensions))) return;
      await bootstrapPlugin(options.connection, names, scope, extensions);
    },
    connectEffects(ports) {
      effects = { ...effects, ...ports };
    },
    migrate: async (sets) =>
      (await inTurn(async () => reportsWithoutWork(core, sets))) ?? migrate({ connection: app, names }, sets),
    purge: (plugin) => purgePlugin({ connection: app, names }, plugin),
    listen: (channel, handler, given) => listener.listen(channel, handler, given),
    ping: async () => {
      await core.query('SELECT 1');
    },
    statistics: () => pool.statistics(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

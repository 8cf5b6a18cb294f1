import type { Clock, Log, PutOptions, State, StateEntry } from '@orchestrall/sdk';
import type { DatabaseEngine } from '../database/engine.ts';
import { coreError } from '../errors.ts';
import type { Owner, Registration } from '../telemetry/owner.ts';
import { createCache } from './cache.ts';
import type { Cache } from './cache.ts';
import { checkKey, checkOptions, checkPrefix, checkValue } from './limits.ts';
import { deleteEntry, listEntries, putEntry, readEntry, sweepState } from './store.ts';
import { createWatches, stateEntry } from './watches.ts';
import type { Watches } from './watches.ts';

/** What the state room is built from. */
export interface StateOptions {
  readonly database: Pick<DatabaseEngine, 'core' | 'listen'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Pause between sweeps of expired documents, which are invisible before; default 30,000 ms. */
  readonly sweepEveryMs?: number;
}

/** Documents, watches and caches of all plugins in this process. */
export interface StateEngine extends AsyncDisposable {
  /** Begins to hear of changes by other replicas and to sweep. */
  start(): Promise<void>;
  /** State of one generation; its watches tell from `activate` on. */
  forPlugin(owner: Owner): Registration<State>;
  /** Deletes all documents of a plugin. */
  purge(plugin: string): Promise<void>;
}

/** Channels; payloads are `plugin key`. The first is told by a trigger of the table. */
const stateChannel = 'orchestrall_state';
const cacheChannel = 'orchestrall_cache';

interface Member {
  readonly plugin: string;
  readonly watches: Watches;
  readonly cache: Cache;
}

/** Builds the room over `core.state`. */
export function createState(options: StateOptions): StateEngine {
  const { database, clock, log, sweepEveryMs = 30_000 } = options;
  const members = new Set<Member>();
  const heard: AsyncDisposable[] = [];
  let sweeping: NodeJS.Timeout | undefined;

  const hear = (
    channel: string,
    changed: (member: Member, key: string) => void,
    missed: (member: Member) => void,
  ) =>
    database.listen(
      channel,
      (payload) => {
        const space = payload.indexOf(' ');
        const plugin = payload.slice(0, space);
        for (const member of members) if (member.plugin === plugin) changed(member, payload.slice(space + 1));
      },
      { onReconnect: () => [...members].forEach(missed) },
    );

  const dropEverywhere = async (plugin: string, key: string): Promise<void> => {
    for (const member of members) if (member.plugin === plugin) member.cache.forget(key);
    await database.core().query(`select pg_notify($1, $2)`, [cacheChannel, `${plugin} ${key}`]);
  };

  return {
    async start() {
      heard.push(
        await hear(
          stateChannel,
          ({ watches }, key) => watches.changed(key),
          ({ watches }) => watches.compare(),
        ),
        await hear(
          cacheChannel,
          ({ cache }, key) => cache.forget(key),
          ({ cache }) => cache.clear(),
        ),
      );
      sweeping = setInterval(() => {
        sweepState(database.core()).catch((error: unknown) =>
          log.warn({ error }, 'state could not be swept'),
        );
      }, sweepEveryMs);
    },
    async purge(plugin) {
      await database.core().query('delete from core.state where plugin = $1', [plugin]);
    },
    forPlugin(owner) {
      const watches = createWatches(() => database.core(), owner, log);
      const member: Member = { plugin: owner.plugin, watches, cache: createCache(clock) };
      members.add(member);
      return {
        api: createApi(database, member, dropEverywhere),
        prepare: () => watches.prepare(),
        activate: () => watches.activate(),
        deactivate: () => watches.deactivate(),
        [Symbol.asyncDispose]: async () => {
          watches.deactivate();
          members.delete(member);
          member.cache.clear();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      for (const one of heard) await one[Symbol.asyncDispose]();
    },
  };
}

function createApi(
  database: StateOptions['database'],
  { plugin, watches, cache }: Member,
  dropEverywhere: (plugin: string, key: string) => Promise<void>,
): State {
  const conflict = async (key: string, expected: number): Promise<Error> => {
    const current = await readEntry(database.core(), plugin, key);
    return coreError('STATE_CONFLICT', { key, version: current?.version ?? 0, expected });
  };
  return {
    async get<Value>(key: string) {
      checkKey(key);
      const row = await readEntry(database.core(), plugin, key);
      return row === undefined ? undefined : typedEntry<Value>(stateEntry(row));
    },
    async put<Value>(key: string, value: Value, options: PutOptions = {}) {
      checkKey(key);
      checkOptions(key, options);
      const text = checkValue(key, value);
      const write = { plugin, key, value: text, ifVersion: options.ifVersion, ttlMs: options.ttlMs };
      const row = await putEntry(database.core(), write);
      if (row === undefined) throw await conflict(key, options.ifVersion ?? 0);
      return typedEntry<Value>(stateEntry(row));
    },
    async delete(key, { ifVersion } = {}) {
      checkKey(key);
      checkOptions(key, { ifVersion });
      const deleted = await deleteEntry(database.core(), { plugin, key, ifVersion });
      if (deleted || ifVersion === undefined || ifVersion === 0) return deleted;
      throw await conflict(key, ifVersion);
    },
    async list<Value>(
      prefix: string,
      { after, limit = 100 }: { readonly after?: string; readonly limit?: number } = {},
    ) {
      checkPrefix(prefix);
      if (after !== undefined) checkPrefix(after);
      if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
        throw coreError('STATE_KEY_INVALID', {
          key: prefix,
          reason: 'limit must be a whole number from 1 to 1,000',
        });
      }
      const rows = await listEntries(database.core(), plugin, prefix, after, limit);
      return rows.map((row) => typedEntry<Value>(stateEntry(row)));
    },
    watch(prefix, listener) {
      checkPrefix(prefix);
      watches.add(prefix, listener);
    },
    async cached<Value>(key: string, ttlMs: number, load: () => Promise<Value>) {
      checkKey(key);
      checkOptions(key, { ttlMs });
      return typedValue<Value>(await cache.get(key, ttlMs, load));
    },
    async forget(key) {
      checkKey(key);
      await dropEverywhere(plugin, key);
    },
  };
}

/** A plugin reads back under its keys what it wrote; nothing here could know the type better than it does. */
function typedEntry<Value>(entry: StateEntry): StateEntry<Value>;
function typedEntry(entry: StateEntry): StateEntry {
  return entry;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the cache holds values of every type
function typedValue<Value>(value: unknown): Value;
function typedValue(value: unknown): unknown {
  return value;
}

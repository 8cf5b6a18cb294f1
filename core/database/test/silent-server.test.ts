import { EventEmitter, once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedServer } from '../embedded/server.ts';
import type { EmbeddedServer } from '../embedded/server.ts';
import { createDatabase } from '../engine.ts';
import type { DatabaseEngine, DatabaseOptions } from '../engine.ts';
import { stopServer } from './stopped-server.ts';

describe('a server of which every process hangs', { timeout: 60_000 }, () => {
  let folder: string;
  let server: EmbeddedServer;
  const open: DatabaseEngine[] = [];
  const told: string[] = [];
  const messages = new EventEmitter();
  const tell = (_fields: object, message: string): void => {
    told.push(message);
    messages.emit('told');
  };
  const heardAgain = async (): Promise<void> => {
    while (!told.includes('the database answers again')) await once(messages, 'told');
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orchestrall-silent-'));
    await chmod(folder, 0o755);
    server = await startEmbeddedServer({ folder: join(folder, 'data'), durable: false });
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
    told.length = 0;
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const connect = async (options: Partial<DatabaseOptions> = {}): Promise<DatabaseEngine> => {
    const log = { warn: tell, error: tell };
    const engine = await createDatabase({
      connection: server.connection,
      log,
      silenceMs: 500,
      acquireTimeoutMs: 50_000,
      ...options,
    });
    open.push(engine);
    await engine.ping();
    return engine;
  };
  const hang = async (): Promise<Disposable> => stopServer(server.pid() ?? 0);

  test('a statement, a wait for a connection and what comes later are refused, until it answers again', async () => {
    const engine = await connect({ poolSize: 1 });
    {
      using _ = await hang();
      const waiting = [engine.core().query('SELECT 1'), engine.core().query('SELECT 2')];
      const ends = await Promise.allSettled(waiting);
      const refused = { code: 'DATABASE_UNAVAILABLE', status: 503, details: { retryAfterSeconds: 2 } };
      expect(ends).toMatchObject([
        { status: 'rejected', reason: refused },
        { status: 'rejected', reason: refused },
      ]);
      await expect(engine.ping()).rejects.toMatchObject(refused);
    }
    await heardAgain();
    expect(await engine.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(told.filter((message) => message.includes('answers nobody'))).toHaveLength(1);
  });

  test('a transaction that asked for a longer limit waits it out and loses nothing', async () => {
    const engine = await connect({ statementTimeoutMs: 5_000 });
    const usual = engine.core();
    let outcome: Promise<unknown>;
    {
      const begun = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      outcome = usual.transaction(
        async (tx) => {
          await tx.query('CREATE TABLE kept (id integer)');
          begun.resolve();
          await goOn.promise;
          await tx.query('INSERT INTO kept VALUES (1)');
          return 'done';
        },
        { timeoutMs: 50_000 },
      );
      await Promise.race([begun.promise, outcome]);
      using _ = await hang();
      goOn.resolve();
      await expect(usual.query('SELECT 1')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    }
    expect(await outcome).toBe('done');
    await heardAgain();
    expect(await usual.query('SELECT id FROM kept')).toEqual([{ id: 1 }]);
  });

  test('a slow statement of a server that answers others is waited for', async () => {
    const engine = await connect();
    // The time itself is what is tested: beyond the first doubt of a server and the silence allowed to it together.
    expect(await engine.core().query("SELECT pg_sleep(3) IS NULL AS nothing, 'slept' AS what")).toMatchObject(
      [{ what: 'slept' }],
    );
    expect(told).toEqual([]);
  });

  test('a stop waits for what is under way on a server that answers others', async () => {
    const engine = await connect({ acquireTimeoutMs: 1_500, stallGraceMs: 100 });
    const begun = Promise.withResolvers<void>();
    const slow = engine.core().transaction(async (tx) => {
      begun.resolve();
      // The time itself is what is tested: beyond a wait for a connection and the grace together.
      return tx.query("SELECT pg_sleep(3) IS NULL AS nothing, 'slept' AS what");
    });
    await Promise.race([begun.promise, slow]);
    const [stopped, ended] = await Promise.allSettled([engine.close(), slow]);
    expect(stopped.status).toBe('fulfilled');
    expect(ended).toMatchObject({ status: 'fulfilled', value: [{ what: 'slept' }] });
  });
});

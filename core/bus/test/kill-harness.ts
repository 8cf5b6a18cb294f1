import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerConnection } from '../../database/connection.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';

/** How much is emitted, and how often the process is killed meanwhile. */
export interface KillOptions {
  readonly connection: ServerConnection;
  readonly keys: number;
  readonly perKey: number;
  readonly failing: number;
  /** Milliseconds from a process's being ready to its end, chosen evenly between the two. */
  readonly killAfterMs: readonly [number, number];
  /** Kills at most. */
  readonly kills: number;
  readonly deadlineMs: number;
}

/** What came of the source rows; `lost` have no effect, `doubled` more than one. */
export interface Effects {
  readonly written: number;
  readonly lost: number;
  readonly doubled: number;
  /** Effects before that of an earlier event of their key. */
  readonly reordered: number;
  readonly deadLetters: number;
}

/** What became of the events: nothing lost, doubled or out of order when all is well. */
export interface KillResult extends Effects {
  readonly kills: number;
}

/** A process that handles, and writes, events until it is killed. */
export interface Worker extends AsyncDisposable {
  /** Rejects once it has ended. */
  readonly ended: Promise<never>;
}

/** Starts `kill-child.ts` and resolves once it is ready; disposing the result kills it without warning. */
export async function startWorker(task: object): Promise<Worker> {
  const child = spawn(process.execPath, [new URL('kill-child.ts', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const ended = exit.then(() => {
    throw new Error('the process ended before it was killed');
  });
  // Heard only where it matters: in the end every process is killed.
  ended.catch(() => undefined);
  child.stdin.end(JSON.stringify(task));
  for await (const line of createInterface({ input: child.stdout })) if (line === 'ready') break;
  return {
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** The plugin `load` with its tables `sources` and `effects`. */
export async function prepareLoad({ database }: Replica): Promise<ScopedDatabase> {
  await database.preparePlugin('load');
  const load = database.forPlugin('load');
  await load.query('create table sources (key integer, number integer, primary key (key, number))');
  await load.query('create table effects (at bigserial primary key, key integer, number integer)');
  return load;
}

/** Whether so many source rows have their effect. */
export async function allHandled(load: ScopedDatabase, total: number): Promise<boolean> {
  const [row] = await load.query<{ count: number }>(
    'select count(*) as count from (select distinct key, number from effects) e',
  );
  return row?.count === total;
}

/** Counts what came of the source rows. */
export async function readEffects(load: ScopedDatabase, { bus }: Replica): Promise<Effects> {
  const [counted] = await load.query<Omit<Effects, 'deadLetters'>>(
    `select (select count(*) from sources) as written,
       (select count(*) from sources s where not exists (
         select from effects e where e.key = s.key and e.number = s.number)) as lost,
       (select count(*) - count(distinct (key, number)) from effects) as doubled,
       (select count(*) from (
         select number, lag(number) over (partition by key order by at) as before from effects
       ) e where e.number < e.before) as reordered`,
  );
  if (counted === undefined) throw new Error('the effects could not be counted');
  const { items } = await bus.deadLetters.list();
  return { ...counted, deadLetters: items.length };
}

/** Lets a process write and handle events, kills it again and again without warning, and lets the last one finish. */
export async function killUnderLoad(options: KillOptions): Promise<KillResult> {
  await using observer = await startReplica(options.connection, { replica: 'observer', poolSize: 4 });
  const load = await prepareLoad(observer);
  const handledAll = () => allHandled(load, options.keys * options.perKey);
  let kills = 0;
  for (let finished = false; !finished;) {
    await using worker = await startWorker(options);
    if (kills < options.kills) {
      const [least, most] = options.killAfterMs;
      await pause(least + Math.random() * (most - least));
      finished = await handledAll();
      kills += 1;
    } else {
      await Promise.race([until(handledAll, options.deadlineMs), worker.ended]);
      finished = true;
    }
  }
  return { ...(await readEffects(load, observer)), kills };
}

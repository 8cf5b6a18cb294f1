import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerConnection } from '../../database/connection.ts';
import { startReplica, until } from './fixture.ts';

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

export interface KillResult {
  readonly kills: number;
  readonly written: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly deadLetters: number;
}

/**
 * Lets a process write and handle events, kills it again and again without warning, lets the last one finish, and
 * counts: source rows without an effect, with two, and effects of one key out of order.
 */
export async function killUnderLoad(options: KillOptions): Promise<KillResult> {
  await using observer = await startReplica(options.connection, { replica: 'observer', poolSize: 4 });
  await observer.database.preparePlugin('load');
  const database = observer.database.forPlugin('load');
  await database.query('create table sources (key integer, number integer, primary key (key, number))');
  await database.query('create table effects (at bigserial primary key, key integer, number integer)');
  const total = options.keys * options.perKey;
  const handledAll = async (): Promise<boolean> => {
    const [row] = await database.query<{ count: number }>(
      'select count(*) as count from (select distinct key, number from effects) e',
    );
    return row?.count === total;
  };

  let kills = 0;
  for (let finished = false; !finished;) {
    const child = spawn(process.execPath, [new URL('kill-child.ts', import.meta.url).pathname], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const endedByItself = ended.then(() => {
      throw new Error('the process ended before it was killed');
    });
    // Heard only where it matters: in the end every process is killed.
    endedByItself.catch(() => undefined);
    child.stdin.end(JSON.stringify(options));
    try {
      for await (const line of createInterface({ input: child.stdout })) if (line === 'ready') break;
      if (kills < options.kills) {
        const [least, most] = options.killAfterMs;
        await pause(least + Math.random() * (most - least));
        finished = await handledAll();
        kills += 1;
      } else {
        await Promise.race([until(handledAll, options.deadlineMs), endedByItself]);
        finished = true;
      }
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  }
  const [counted] = await database.query<Omit<KillResult, 'kills' | 'deadLetters'>>(
    `select (select count(*) from sources) as written,
       (select count(*) from sources s where not exists (
         select from effects e where e.key = s.key and e.number = s.number)) as lost,
       (select count(*) - count(distinct (key, number)) from effects) as doubled,
       (select count(*) from (
         select number, lag(number) over (partition by key order by at) as before from effects
       ) e where e.number < e.before) as reordered`,
  );
  const { items } = await observer.bus.deadLetters.list();
  if (counted === undefined) throw new Error('the effects could not be counted');
  return { ...counted, kills, deadLetters: items.length };
}

import { createId, defineJob } from '@orchestrall/sdk';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Type from 'typebox';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { claim, end, renew } from '../running/claim.ts';
import { createHistory } from '../history.ts';
import { stepsMigrations } from './steps.ts';
import { jobsMigrations, testEngine } from './support.ts';

const steps = defineJob('steps', Type.Object({ count: Type.Integer() }));

let store: TestDatabase;
let database: DatabaseEngine;
const children: ChildProcess[] = [];

beforeAll(async () => {
  store = await testDatabase({ plugins: ['crm'], migrations: [await jobsMigrations(), stepsMigrations] });
  database = await store.open();
});
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child);
});
afterAll(() => store[Symbol.asyncDispose]());

/** A worker process whose lines can be awaited. */
interface Worker {
  readonly child: ChildProcess;
  /** Resolves with the first line that matches, from those said before too. */
  said(pattern: RegExp): Promise<string>;
}

function worker(): Worker {
  const script = fileURLToPath(new URL('worker.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(store.connection)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  return {
    child,
    said: (pattern) =>
      new Promise((resolve) => {
        const check = (): void => {
          const line = lines.find((candidate) => pattern.test(candidate));
          if (line === undefined) return;
          waiting.delete(check);
          resolve(line);
        };
        waiting.add(check);
        check();
      }),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function enqueued(count: number): Promise<string> {
  await using jobs = await testEngine(database);
  const { api } = await jobs.active(() => undefined);
  return api.enqueue(steps, { count });
}

async function stepsOf(id: string): Promise<number[]> {
  const rows = await database
    .forPlugin('crm')
    .query<{ step: number }>('select step from steps where job_id = $1 order by step', [id]);
  return rows.map((row) => row.step);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const history = () => createHistory({ database }, () => undefined);

test('a job whose worker is killed at any moment is resumed at its checkpoint with no step doubled or left out', async () => {
  const id = await enqueued(120);
  for (const step of [10, 37, 70]) {
    const one = worker();
    await one.said(new RegExp(`^step ${step}$`));
    await ended(one.child);
  }
  const last = worker();
  await expect.poll(async () => (await history().get(id))?.status, { timeout: 40_000 }).toBe('completed');
  await ended(last.child);
  expect(await stepsOf(id)).toEqual(upTo(120));
  expect(await history().get(id)).toMatchObject({ attempt: 4, fence: 4 });
});

test('a worker paused beyond its lease writes nothing more once it goes on', async () => {
  const id = await enqueued(300);
  const paused = worker();
  await paused.said(/^step 5$/);
  paused.child.kill('SIGSTOP');
  const other = worker();
  await other.said(/^step 20$/);
  paused.child.kill('SIGCONT');
  expect(await paused.said(/^refused/)).toBe('refused JOB_LEASE_LOST');
  await ended(paused.child);
  await expect.poll(async () => (await history().get(id))?.status, { timeout: 40_000 }).toBe('completed');
  expect(await stepsOf(id)).toEqual(upTo(300));
  expect(await history().get(id)).toMatchObject({ attempt: 2, fence: 2 });
});

test('a job whose workers die without a checkpoint fails after its attempts', async () => {
  const core = database.core();
  const id = await enqueued(1);
  for (let crash = 1; crash <= 3; crash += 1) {
    const [job] = await claim(core, [{ plugin: 'crm', name: 'steps', slots: 1, leaseMs: 60_000 }]);
    expect(job).toMatchObject({ id, attempt: crash, losses: crash - 1 });
    await core.query(`update core.jobs set leased_until = now() - interval '1 second' where id = $1`, [id]);
  }
  await using jobs = await testEngine(database);
  await jobs.active((declare) =>
    declare.handle(steps, async () => Promise.reject(new Error('is never called')), { attempts: 3 }),
  );
  expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error_code: 'JOB_LEASE_LOST' });
});

test('of 10,000 completions with a stale fence none is accepted', async () => {
  const core = database.core();
  const count = 10_000;
  await core.query(
    `insert into core.jobs (id, plugin, name, priority, run_at, payload, scope)
    select id, 'crm', 'bulk', 1, now(), '{}', '{}' from unnest($1::uuid[]) id`,
    [Array.from({ length: count }, () => createId())],
  );
  const wanted = [{ plugin: 'crm', name: 'bulk', slots: count, leaseMs: 60_000 }];
  const first = await claim(core, wanted);
  expect(first).toHaveLength(count);
  await core.query(`update core.jobs set leased_until = now() - interval '1 second' where name = 'bulk'`);
  const second = await claim(core, wanted);
  expect(second).toHaveLength(count);
  let stale = 0;
  let accepted = 0;
  for (let at = 0; at < count; at += 500) {
    const old = first.slice(at, at + 500);
    expect(
      await renew(
        core,
        old.map((job) => ({ ...job, leaseMs: 60_000 })),
      ),
    ).toEqual([]);
    stale += (
      await end(
        core,
        old.map((job) => ({ ...job, status: 'completed' as const })),
      )
    ).size;
  }
  for (let at = 0; at < count; at += 500) {
    const now = second.slice(at, at + 500).map((job) => ({ ...job, status: 'completed' as const }));
    accepted += (await end(core, now)).size;
  }
  expect({ stale, accepted }).toEqual({ stale: 0, accepted: count });
});

test('claims and renewals stay in their page', async () => {
  await using fresh = await testDatabase({ migrations: [await jobsMigrations()] });
  const core = (await fresh.open()).core();
  // So few that all their versions fit into one page: whether old ones can be pruned already plays no part.
  await core.query(
    `insert into core.jobs (id, plugin, name, priority, run_at, payload, scope)
    select gen_random_uuid(), 'crm', 'hot', 1, now(), '{}', '{}' from generate_series(1, 8)`,
  );
  const claimed = await claim(core, [{ plugin: 'crm', name: 'hot', slots: 8, leaseMs: 60_000 }]);
  await renew(
    core,
    claimed.map((job) => ({ ...job, leaseMs: 60_000 })),
  );
  const updates = async () => {
    const [row] = await core.query<{ all: number; hot: number }>(
      `select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables where relname = 'jobs'`,
    );
    return row ?? { all: 0, hot: 0 };
  };
  await expect.poll(async () => (await updates()).all, { timeout: 20_000 }).toBe(16);
  expect(await updates()).toEqual({ all: 16, hot: 16 });
});

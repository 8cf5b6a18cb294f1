import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReplica } from '../../../host/test/replica.ts';
import type { Replica } from '../../../host/test/replica.ts';
import type { RequestOptions, TestAppliance } from '../../../testing/appliance.ts';
import { testDatabase } from '../../../testing/postgres.ts';
import type { TestDatabase } from '../../../testing/postgres.ts';
import { ask, depotClient, ended, fixtures, parcels, startDepot } from './depot.ts';
import type { Answered, Parcel } from './depot.ts';
import { propertyRuns } from './things.ts';

/** Longest of one run: a replica that is killed takes seconds to be there again. */
const runMs = 10_000;

let database: TestDatabase;
let steady: TestAppliance;
let mortal: Replica;
/** Resolves once the mortal replica serves again. */
let alive: Promise<void> = Promise.resolve();

beforeAll(async () => {
  database = await testDatabase();
  steady = await startDepot({ database });
  mortal = await startReplica(database, steady, { repository: fixtures, configuration: depotClient });
});
afterAll(async () => {
  await alive;
  await mortal?.[Symbol.asyncDispose]();
  await steady?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

type Where = 'steady' | 'mortal';

/** Ends the mortal replica as a power cut would, and starts it anew. */
function kill(): void {
  const dead = mortal;
  dead.kill();
  alive = revive(dead, alive);
}

async function revive(dead: Replica, earlier: Promise<void>): Promise<void> {
  await earlier;
  await dead[Symbol.asyncDispose]();
  mortal = await startReplica(database, steady, { repository: fixtures, configuration: depotClient });
}

/** Sends a request until it is answered, each time at the other replica: what a client does whose answers get lost. */
async function insist(
  where: Where,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answered> {
  for (let attempt = where === 'steady' ? 0 : 1; ; attempt += 1) {
    const world = attempt % 2 === 0 ? steady : mortal;
    try {
      const answer = await ask(world, method, path, options);
      // 409: the first attempt is still under way, or its process is dead and its connection not yet given up.
      if (answer.body['code'] !== 'IDEMPOTENCY_IN_FLIGHT' && answer.status !== 503) return answer;
    } catch (error) {
      if (world === steady) throw error;
      await alive;
    }
    await pause(20);
  }
}

/** Raises the count of a parcel by one, as everybody at once does who reads, changes and writes back what they read. */
async function raise(where: Where, id: string, byBatch: boolean): Promise<number> {
  for (let conflicts = 0; ; conflicts += 1) {
    const read = await insist(where, 'GET', `${parcels}/${id}`);
    if (read.status === 404) return conflicts;
    const etag = read.headers.get('etag') ?? '';
    const body = { count: Number(read.body['count']) + 1 };
    const key = { 'idempotency-key': randomUUID() };
    const items = [{ action: 'update', id, if_match: etag, body }];
    const answer = byBatch
      ? await insist(where, 'POST', `${parcels}/batch`, { body: { items }, headers: key })
      : await insist(where, 'PATCH', `${parcels}/${id}`, { body, headers: { ...key, 'if-match': etag } });
    const [result] = byBatch ? (answer.body['results'] as { status: number; body: Parcel }[]) : [];
    const status = result?.status ?? answer.status;
    expect([200, 412]).toContain(status);
    if (status === 200) {
      expect(result?.body ?? answer.body).toMatchObject(body);
      return conflicts;
    }
  }
}

/** Pages through a run's parcels while others write. */
async function readAll(where: Where, prefix: string, sort: string, limit: number): Promise<Parcel[]> {
  const filter = JSON.stringify({ code: { starts_with: prefix } });
  const items: Parcel[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({
      filter,
      sort,
      limit: String(limit),
      ...(cursor === '' ? {} : { cursor }),
    });
    const page = await insist(where, 'GET', `${parcels}?${query.toString()}`);
    expect(page.status).toBe(200);
    items.push(...(page.body['items'] as Parcel[]));
    cursor = page.body['next_cursor'] as string | null;
  }
  return items;
}

const where = fc.constantFrom<Where>('steady', 'mortal');
const writer = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('raise' as const),
      where,
      target: fc.nat(2),
      times: fc.integer({ min: 1, max: 4 }),
      byBatch: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('create' as const), where, weight: fc.option(fc.nat(3)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      where,
      target: fc.nat(2),
      weight: fc.option(fc.nat(3)),
    }),
  },
);
const scene = fc.record({
  still: fc.array(fc.option(fc.nat(3)), { minLength: 1, maxLength: 12 }),
  writers: fc.array(writer, { minLength: 2, maxLength: 8 }),
  readers: fc.array(
    fc.record({
      where,
      sort: fc.constantFrom('weight', '-weight', '-weight,code', 'code', '-created_at'),
      limit: fc.integer({ min: 1, max: 5 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  /** After how many milliseconds the mortal replica is killed, in a part of the runs. */
  killedAfter: fc.oneof(
    { weight: 14, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat(60) },
  ),
});

type Scene = typeof scene extends fc.Arbitrary<infer Given> ? Given : never;

test(
  'with writers at two replicas, one of which is killed now and then, no raise is lost or doubled, every key has one effect and pages hold what stands still once',
  async () => {
    await fc.assert(fc.asyncProperty(scene, play), { numRuns: propertyRuns, endOnFailure: true });
  },
  120_000 + propertyRuns * runMs,
);

/** Creates a parcel once, however often it takes to hear of it. */
async function create(at: Where, body: object): Promise<string> {
  const headers = { 'idempotency-key': randomUUID() };
  const made = await insist(at, 'POST', parcels, { body, headers });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return String(made.body['id']);
}

async function play({ still, writers, readers, killedAfter }: Scene): Promise<void> {
  const run = randomUUID();
  const standing: string[] = [];
  for (const [index, weight] of still.entries()) {
    standing.push(
      await create('steady', { code: `${run} still ${String(index).padStart(2, '0')}`, weight, count: 0 }),
    );
  }
  const targets = await Promise.all(
    [0, 1, 2].map(async (index) => create('steady', { code: `${run} target ${index}`, count: 0 })),
  );
  const raised = [0, 0, 0];
  const created: string[] = [];
  const write = async (given: (typeof writers)[number], index: number): Promise<void> => {
    if (given.kind === 'create') {
      created.push(await create(given.where, { code: `${run} new ${index}`, weight: given.weight }));
      return;
    }
    const id = targets[given.target] ?? '';
    if (given.kind === 'move') {
      const headers = { 'if-match': '*', 'idempotency-key': randomUUID() };
      const answer = await insist(given.where, 'PATCH', `${parcels}/${id}`, {
        body: { weight: given.weight },
        headers,
      });
      expect(answer.status).toBe(200);
      return;
    }
    for (let time = 0; time < given.times; time += 1) {
      await raise(given.where, id, given.byBatch);
      raised[given.target] = (raised[given.target] ?? 0) + 1;
    }
  };
  const read = async ({ where: at, sort, limit }: (typeof readers)[number]): Promise<void> => {
    const seen = await readAll(at, run, sort, limit);
    const met = seen.filter(({ id }) => standing.includes(id));
    expect(met.map(({ id }) => id)).toEqual(orderOf(sort, still, standing));
  };
  const killing = async (): Promise<void> => {
    if (killedAfter === undefined) return;
    await pause(killedAfter);
    kill();
  };
  await Promise.all([...writers.map(write), ...readers.map(read), killing()]);
  await alive;
  const all = await readAll('steady', run, 'code', 200);
  expect(new Set(all.map(({ id }) => id))).toEqual(new Set([...standing, ...targets, ...created]));
  expect(all).toHaveLength(standing.length + targets.length + created.length);
  expect(targets.map((id) => all.find((parcel) => parcel.id === id)?.count)).toEqual(raised);
}

/** The standing parcels in an order, as memory sorts them; missing weights last. */
function orderOf(sort: string, weights: readonly (number | null)[], ids: readonly string[]): string[] {
  const records = ids.map((id, index) => ({ id, index, weight: weights[index] ?? null }));
  // They were created one after another, so that their ids, codes and instants are in the order of their index.
  const direction = sort.startsWith('-') ? -1 : 1;
  const last = sort === '-weight,code' ? 1 : direction;
  const sorted = records.toSorted((left, right) => {
    if (sort.includes('weight') && left.weight !== right.weight) {
      if (left.weight === null || right.weight === null) return left.weight === null ? 1 : -1;
      return direction * (left.weight - right.weight);
    }
    return last * (left.index - right.index);
  });
  return sorted.map(({ id }) => id);
}

test(
  'a bulk change and its undo go on where a killed process left them, and do no record twice',
  async () => {
    const rounds = Math.min(30, Math.max(2, Math.round(propertyRuns / 33)));
    const depot = steady.appliance.rooms.database.forPlugin('depot');
    const count = 3_000;
    for (let round = 0; round < rounds; round += 1) {
      await depot.query('delete from parcels');
      await depot.query(
        `insert into parcels (id, code, code_key, weight)
        select gen_random_uuid(), number::text, number::text, number % 5 from generate_series(1, $1) number`,
        [count],
      );
      const body = {
        action: round % 2 === 0 ? 'update' : 'delete',
        filter: {},
        ...(round % 2 === 0 ? { patch: { weight: 9 } } : {}),
      };
      const headers = { 'idempotency-key': randomUUID() };
      const begun = await insist('mortal', 'POST', `${parcels}/bulk`, { body, headers });
      const location = begun.headers.get('location') ?? '';
      const harm = disturb();
      const change = await ended(steady, location);
      await harm;
      expect(change).toMatchObject({ status: 'completed', matched: count, changed: count, failed: 0 });
      expect(await versions()).toEqual(round % 2 === 0 ? [{ weight: 9, version: 2, count }] : []);
      await insist('steady', 'POST', `${location}/undo`, { headers: { 'idempotency-key': randomUUID() } });
      const more = disturb();
      expect(await ended(steady, location)).toMatchObject({ status: 'undone', undone: count, kept: 0 });
      await more;
      const version = round % 2 === 0 ? 3 : 2;
      expect(await versions()).toEqual(
        [0, 1, 2, 3, 4].map((weight) => ({ weight, version, count: count / 5 })),
      );
      await alive;
    }
  },
  120_000 + propertyRuns * runMs,
);

/** Kills the mortal replica at some moment of the next half second. */
async function disturb(): Promise<void> {
  await alive;
  await pause(Math.random() * 500);
  kill();
}

async function versions(): Promise<object[]> {
  return steady.appliance.rooms.database
    .forPlugin('depot')
    .query(
      'select weight, version, count(*) as count from parcels group by weight, version order by weight, version',
    );
}

// The real process with its own PostgreSQL: idle memory, then 500 event streams and what they cost when nothing
// happens, then 1,000 requests a second on contacts while the streams hear of each new one, then memory again.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { figure, median, report } from '../../testing/bench/measure.ts';
import type { BenchRow } from '../../testing/bench/measure.ts';
import { usageOfTree } from '../../testing/bench/process-tree.ts';
import { productNodeOptions, startProcess } from '../../testing/bench/started-process.ts';
import type { ApiLoad } from './api-load.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const seconds = Number(process.env['BENCH_SECONDS'] ?? 20);
/** Requests a second that are sent; the last answer comes some time after the last second. */
const offered = 1_020;
const streams = 500;
const seeded = 5_000;
const run = promisify(execFile);
const program = (name: string): string => join(import.meta.dirname, name);
const launch = program('../../launch.js');
const megabyte = 1024 * 1024;

const folder = await mkdtemp(join(tmpdir(), 'orchestrall-api-bench-'));
const data = join(folder, 'data');

interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly next_cursor: string | null;
}

/** Imports contacts as a client would, and returns their ids. */
async function seed(url: string, headers: Record<string, string>): Promise<string[]> {
  const lines = Array.from(
    { length: seeded },
    (_, index) => `Person ${index},Of the bench,person-${index}@example.com,+49 30 ${100_000 + index}`,
  );
  const sent = await fetch(`${url}/api/v1/crm/imports?object=contacts&key=email`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'text/csv' },
    body: ['first_name,last_name,email,phone', ...lines, ''].join('\n'),
  });
  if (sent.status !== 202) throw new Error(`the import answered ${sent.status}: ${await sent.text()}`);
  const { id }: { id: string } = JSON.parse(await sent.text());
  for (let status = 'queued'; status !== 'completed'; await pause(100)) {
    const answer = await fetch(`${url}/api/v1/crm/imports/${id}`, { headers });
    ({ status } = JSON.parse(await answer.text()));
    if (status === 'failed' || status === 'cancelled') throw new Error(`the import has ${status}`);
  }
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${url}/api/v1/crm/contacts?limit=100${from}`, { headers });
    const page: Page = JSON.parse(await answer.text());
    ids.push(...page.items.map((contact) => contact.id));
    cursor = page.next_cursor;
  }
  return ids;
}

/** Opens the streams from another process; `messages` asks how many came so far. */
async function openStreams(
  url: string,
  token: string,
): Promise<AsyncDisposable & { messages(): Promise<number> }> {
  const child = spawn(process.execPath, [program('open-streams.ts'), url, token, String(streams)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the streams have ended');
    return value;
  };
  await next();
  return {
    async messages() {
      child.stdin.write('count\n');
      return Number((await next()).split(' ')[1]);
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

/** Percent of a core that the appliance uses when nobody asks it anything. */
async function idlePercent(pid: number): Promise<number> {
  const before = await usageOfTree(pid);
  const begunAt = performance.now();
  await pause(seconds * 1_000);
  const after = await usageOfTree(pid);
  return ((after.cpuSeconds - before.cpuSeconds) / (performance.now() - begunAt)) * 100_000;
}

/** Waits until each stream has heard of everything, or three seconds pass with nothing new. */
async function heard(count: () => Promise<number>, expected: number): Promise<number> {
  let last = await count();
  for (let quiet = 0; last < expected && quiet < 30;) {
    await pause(100);
    const now = await count();
    quiet = now === last ? quiet + 1 : 0;
    last = now;
  }
  return last;
}

async function measure(): Promise<BenchRow[]> {
  const file = join(folder, 'client.yaml');
  const limits = { requests_per_minute: 10_000_000, burst_size: 10_000_000 };
  const client = {
    client: { id: 'bench' },
    features: { crm_integration: true },
    security: { jwt_expiry: 86_400, rate_limit: limits },
  };
  await writeFile(file, stringify(client));
  const parameters = ['start', '--config', file, '--data', data, '--port', '0'];
  await using appliance = await startProcess(launch, parameters, { nodeOptions: productNodeOptions });
  const { url, pid } = appliance;
  await pause(5_000);
  const idle = await usageOfTree(pid);
  const { stdout: token } = await run(process.execPath, [launch, 'token', '--data', data]);
  const headers = { authorization: `Bearer ${token.trim()}` };
  const ids = join(folder, 'ids');
  await writeFile(ids, (await seed(url, headers)).join('\n'));

  await using feed = await openStreams(url, token.trim());
  await pause(3_000);
  const withStreams = await idlePercent(pid);

  const loads: ApiLoad[] = [];
  let [created, missed, cpu] = [0, 0, 0];
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    const [before, usedBefore] = [await feed.messages(), await usageOfTree(pid)];
    const parts = [program('api-load.ts'), url, token.trim(), String(offered), String(seconds), ids];
    const { stdout } = await run(process.execPath, parts);
    const load: ApiLoad = JSON.parse(stdout);
    const expected = load.created * streams;
    missed += expected - ((await heard(() => feed.messages(), before + expected)) - before);
    created += load.created;
    if (round === 0) continue;
    loads.push(load);
    cpu += ((await usageOfTree(pid)).cpuSeconds - usedBefore.cpuSeconds) / seconds / rounds;
  }
  const after = await usageOfTree(pid);
  await pause(30_000);
  const rested = await usageOfTree(pid);

  const of = (pick: (load: ApiLoad) => number): number => median(loads.map(pick));
  const p95 = of((load) => load.p95);
  const rate = of((load) => load.perSecond);
  const failed = loads.flatMap((load) => Object.values(load.failed)).reduce((sum, count) => sum + count, 0);
  const name = `API, ${streams} event streams open`;
  return [
    figure(`${name}: requests`, rate, 'requests/s', '>= 1,000', rate >= 1_000),
    figure(
      `${name}: p50`,
      of((load) => load.p50),
      'ms',
    ),
    figure(`${name}: p95`, p95, 'ms', '< 200', p95 < 200),
    figure(
      `${name}: p99`,
      of((load) => load.p99),
      'ms',
    ),
    figure(`${name}: failed requests`, failed, 'requests', '0', failed === 0),
    figure(`${name}: events not heard of ${created * streams}`, missed, 'messages', '0', missed === 0),
    figure(`${name}: CPU, PostgreSQL included`, cpu * 100, '% of a core'),
    figure(`idle with ${streams} event streams`, withStreams, '% of a core', '< 3', withStreams < 3),
    ...(
      [
        ['after the start', idle],
        [`after the load, ${streams} event streams open`, after],
        ['30 s later', rested],
      ] as const
    ).map(([when, { proportionalBytes }]) =>
      figure(
        `memory with PostgreSQL, ${when}`,
        proportionalBytes / megabyte,
        'MB proportional',
        '< 300',
        proportionalBytes < 300 * megabyte,
      ),
    ),
  ];
}

try {
  report(await measure());
} finally {
  await rm(folder, { recursive: true, force: true });
}

import { setTimeout as pause } from 'node:timers/promises';
import { figure, percentile, report } from '../../testing/bench/measure.ts';
import type { BenchRow } from '../../testing/bench/measure.ts';
import { swapsOfPeer } from './swap-peer.ts';
import { openWorld, type SwapWorld } from './swap-world.ts';

/** How often CRM is switched: half by an edit of the YAML, half by the API. */
const swaps = Number(process.env['BENCH_SWAPS'] ?? 1_000);

interface Measured {
  readonly editMs: number[];
  readonly callMs: number[];
}

/** Switches CRM off and on again and again, each time with `traffic`; each change of CRM counts as one swap. */
async function swap(world: SwapWorld): Promise<Measured> {
  const editMs: number[] = [];
  const callMs: number[] = [];
  for (let done = 0; done < swaps; done += 2) {
    const byEdit = done % 4 === 0;
    world.gate.close();
    for (const on of [false, true]) {
      const startedAt = performance.now();
      if (byEdit) await world.edit(on);
      else await world.call('crm', on);
      await world.until('crm', on);
      (byEdit ? editMs : callMs).push(performance.now() - startedAt);
      if (!byEdit) await world.call('traffic', on);
      await world.until('traffic', on);
    }
    world.gate.open();
    await pause(20);
  }
  return { editMs, callMs };
}

function latencies(name: string, values: readonly number[]): BenchRow[] {
  const p99 = percentile(values, 99);
  return [
    figure(`swap: ${name}, p50`, percentile(values, 50), 'ms'),
    figure(`swap: ${name}, p99`, p99, 'ms', '<= 250', p99 <= 250),
  ];
}

async function main(): Promise<void> {
  await using world = await openWorld();
  const startedAt = performance.now();
  const { editMs, callMs } = await swap(world);
  const seconds = (performance.now() - startedAt) / 1000;
  await world.end();
  const { tally, streams } = world;
  const unexpected = [...tally.unexpected, ...streams.unexpected];
  const misplaced = [...tally.misplaced, ...streams.misplaced];
  const requests = tally.expected + tally.disabled + tally.unexpected.length;
  const peer = await swapsOfPeer(Math.min(swaps, 100));
  for (const line of [...unexpected, ...misplaced].slice(0, 10)) process.stderr.write(`${line}\n`);
  const ours = unexpected.length;
  report([
    {
      name: `swap: unexpected answers over ${editMs.length + callMs.length} swaps of CRM (peer: @fastify/restartable, ${peer.swaps})`,
      ours,
      peer: peer.failed,
      unit: 'answers',
      ratio: peer.failed === 0 ? null : ours / peer.failed,
      target: '0',
      met: ours === 0,
    },
    ...latencies('file changed to in effect', editMs),
    ...latencies('call to in effect', callMs),
    figure(
      `swap: messages missed or doubled on event streams and WebSockets, resumed ${tally.resumed + streams.resumed} times`,
      misplaced.length,
      'messages',
      '0',
      misplaced.length === 0,
    ),
    figure(
      'swap: resumed streams of the plugins switched',
      streams.resumed,
      'streams',
      '> 0',
      streams.resumed > 0,
    ),
    figure('swap: requests meanwhile', requests / seconds, 'a second'),
    figure(
      'swap: generations drained with something cut or left',
      world.faultyDrains(),
      'generations',
      '0',
      world.faultyDrains() === 0,
    ),
  ]);
}

await main();

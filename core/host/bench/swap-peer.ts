import { restartable } from '@fastify/restartable';
import { fastify } from 'fastify';
import { setTimeout as pause } from 'node:timers/promises';
import { runClient } from '../test/load/clients.ts';
import { Gate } from '../test/load/gate.ts';
import { Tally } from '../test/load/tally.ts';
import { slowContact } from './slow-contact.ts';

const clients = 10;

/** The same load on `@fastify/restartable`, which restarts in place of switching; failed requests over the swaps. */
export async function swapsOfPeer(
  swaps: number,
): Promise<{ readonly swaps: number; readonly failed: number }> {
  const app = await restartable(
    async (create, options) => {
      const instance = create(options);
      instance.get('/list', async () => ({ items: [] }));
      instance.get('/slow', async () => {
        await pause(1_000);
        return { items: [] };
      });
      return instance;
    },
    {},
    fastify,
  );
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const tally = new Tally(new Gate());
  const ending = new AbortController();
  const { signal } = ending;
  const ask = async (kind: string, everyMs: number): Promise<void> =>
    runClient({ tally, kind, everyMs, signal, asking: () => ({ url: `${url}/${kind}` }) });
  const load = Promise.all([
    ...Array.from({ length: clients }, async () => ask('list', 50)),
    ask('slow', 0),
    runClient({
      tally,
      kind: 'slow upload',
      everyMs: 0,
      signal,
      asking: () => ({
        url: `${url}/contacts`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: () => slowContact(1),
      }),
    }),
  ]);
  for (let swap = 0; swap < swaps; swap += 1) {
    await app.restart();
    await pause(20);
  }
  ending.abort();
  await load;
  await app.close();
  return { swaps, failed: tally.unexpected.length };
}

import { request } from 'node:http';
import type { Caller, EventStream } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { Counter, createHarness } from './harness.ts';

const caller: Caller = { id: 'u1', kind: 'user', name: 'ada', roles: ['viewer'], teams: [], leads: [] };

test.each([['while it is found out who asks'], ['while the handler prepares it']] as const)(
  'a stream whose reader has left before it began, %s, has ended and counts for nothing',
  async (moment) => {
    const asked = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const waitFor = async (place: typeof moment): Promise<void> => {
      if (place !== moment) return;
      asked.resolve();
      await left.promise;
    };
    let open = 0;
    await using harness = await createHarness({
      authentication: {
        inspect: async () => {
          await waitFor('while it is found out who asks');
          return { caller, expiresInMs: 3_600_000 };
        },
      },
      streams: {
        metrics: { opened: () => void (open += 1), closed: () => void (open -= 1), messageSent: () => {} },
      },
    });
    const activity = new Counter();
    const plugin = await harness.plugin('feed', ['/feed'], activity);
    const begun = Promise.withResolvers<EventStream>();
    plugin.instance.get('/feed/late', { config: { access: 'viewer' } }, async (_request, reply) => {
      if (moment === 'while the handler prepares it') await waitFor(moment);
      begun.resolve(reply.sse());
    });
    await plugin.instance.ready();
    await harness.listen();
    harness.gateway.setTable([{ prefix: '/feed', target: plugin.target }]);

    const headers = { authorization: 'Bearer viewer-token' };
    const asking = request(`${harness.url}/feed/late`, { headers });
    // The caller hangs up.
    asking.on('error', () => undefined);
    asking.end();
    await asked.promise;
    asking.destroy();
    await expect.poll(() => harness.gateway.inFlight).toBe(0);
    left.resolve();

    const stream = await begun.promise;
    expect(stream.signal.aborted).toBe(true);
    expect(stream.send({ data: 1 })).toBe(false);
    expect([open, plugin.streams.open.events]).toEqual([0, 0]);
    await expect.poll(() => [activity.of('request'), activity.of('stream')]).toEqual([0, 0]);
  },
);

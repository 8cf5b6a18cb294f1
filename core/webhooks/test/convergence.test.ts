import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startReceiver, takes } from './receiver.ts';
import { noted, settingsFor, startStage } from './stage.ts';

const act = fc.constantFrom('emit', 'emit', 'emit', 'pause', 'resume', 'redeliver', 'rotate', 'breathe');
const reply = fc.constantFrom<number | 'cut'>(204, 204, 200, 500, 503, 410, 302, 'cut');

test(
  'whatever receivers answer and administrators do, every event has arrived in the end and nothing waits',
  { timeout: 300_000 },
  async () => {
    await using receiver = await startReceiver();
    const settings = settingsFor([receiver.host], { pause_after_failures: 4, pause_after_hours: 0 });
    await using stage = await startStage(settings, { pauses: [1, 5, 20] });
    await using second = stage.another();
    await second.start();
    const { registry, deliveries } = stage.webhooks;

    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 40 }),
        fc.array(reply, { maxLength: 60 }),
        async (acts, replies) => {
          const answers = [...replies];
          receiver.received.length = 0;
          receiver.answer = (_message, response, request) => {
            const status = answers.shift() ?? 204;
            if (status === 'cut') request.socket.destroy();
            else response.writeHead(status).end();
          };
          const given = { url: receiver.url, patterns: [noted.type] };
          const { id } = (await registry.create(given)).webhook;
          const emitted: string[] = [];
          for (const each of acts) {
            if (each === 'emit') emitted.push(await stage.emit({}));
            else if (each === 'pause') await registry.pause(id);
            else if (each === 'resume') await registry.resume(id, false);
            else if (each === 'redeliver') await deliveries.redeliverFailed(id, new Date(0));
            else if (each === 'rotate') await registry.rotateSecret(id, 60);
            else await new Promise((resolve) => setTimeout(resolve, 120));
          }
          receiver.answer = takes;
          const begun = performance.now();
          for (;;) {
            await registry.pause(id);
            await registry.resume(id, false);
            await deliveries.redeliverFailed(id, new Date(0));
            await new Promise((resolve) => setTimeout(resolve, 150));
            const { items } = await deliveries.list(id, { limit: 200 });
            const { waiting } = await registry.get(id);
            const done =
              items.length === emitted.length && items.every(({ status }) => status === 'delivered');
            if (done) {
              expect(waiting).toBe(0);
              break;
            }
            if (performance.now() - begun > 60_000)
              throw new Error(`${items.length} of ${emitted.length}, ${waiting} wait`);
          }
          expect(new Set(receiver.received.map(({ event }) => event.id))).toEqual(new Set(emitted));
          await registry.remove(id);
        },
      ),
      { numRuns: 25 },
    );
  },
);

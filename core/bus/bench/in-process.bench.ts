// Events within one process, checked against their schema and with the trace context of their emitter: ours
// against Moleculer's, in turn, medians of seven.
import { createRequire } from 'node:module';
import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';
import { withScope } from '../../telemetry/scope.ts';
import { toBroadcast } from '../envelope.ts';
import { createStamps } from '../event-id.ts';
import { Observers } from '../observers.ts';
import { silentLog } from '../test/fixture.ts';
import { median, report } from '../../testing/bench/measure.ts';

interface Broker {
  createService(schema: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  broadcastLocal(type: string, data: object): Promise<void>;
}
const moleculer: { ServiceBroker: new (options: object) => Broker } = createRequire(import.meta.url)(
  'moleculer',
);

const rounds = 7;
const oursPerRound = 1_000_000;
const theirsPerRound = 100_000;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const progressed = defineEvent('import.progressed', Type.Object({ id: Type.String(), done: Type.Integer() }));

/** Other handlers stand beside the one that hears the event, as in a real appliance. */
const bystanders = ['contact.*', 'company.created', 'task.**', '*.deleted', 'run.step.*'];
let handled = 0;
let last = 0;

function createOurs(): () => void {
  const observers = new Observers(silentLog);
  for (const pattern of bystanders) observers.add(pattern, undefined, () => undefined);
  observers.add('import.*', undefined, (event) => {
    // Reading the end of the id keeps V8 from leaving the envelope, or the id's text, unmade.
    last = event.id.charCodeAt(35) + event.time.length;
    handled += 1;
  });
  const stamp = createStamps();
  return () => {
    withScope({ plugin: 'crm', traceparent, correlationId: 'r1' }, () => {
      for (let index = 0; index < oursPerRound; index += 1) {
        observers.deliver(
          toBroadcast('/plugins/crm', stamp(), progressed, { id: 'i1', done: index }, undefined),
        );
      }
    });
  };
}

async function createTheirs(tracing: boolean): Promise<{ run(): Promise<void>; stop(): Promise<void> }> {
  const broker = new moleculer.ServiceBroker({
    logger: false,
    tracing: tracing ? { enabled: true, events: true, exporter: null } : false,
    validator: true,
  });
  const events: Record<string, object> = {
    'import.*': {
      params: { id: 'string', done: 'number|integer' },
      handler: () => {
        handled += 1;
      },
    },
  };
  for (const pattern of bystanders) events[pattern] = { handler: () => undefined };
  broker.createService({ name: 'crm', events });
  await broker.start();
  return {
    stop: () => broker.stop(),
    async run() {
      for (let index = 0; index < theirsPerRound; index += 100) {
        const sent: Promise<void>[] = [];
        for (let one = 0; one < 100; one += 1) {
          sent.push(broker.broadcastLocal('import.progressed', { id: 'i1', done: index + one }));
        }
        await Promise.all(sent);
      }
    },
  };
}

async function rate(count: number, work: () => void | Promise<void>): Promise<number> {
  const before = handled;
  const begun = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begun);
  if (handled - before !== count) throw new Error(`${handled - before} of ${count} events were handled`);
  return count / ((user + system) / 1_000_000);
}

const ours = createOurs();
const traced = await createTheirs(true);
const untraced = await createTheirs(false);
await rate(oursPerRound, ours);
await rate(theirsPerRound, () => traced.run());
await rate(theirsPerRound, () => untraced.run());

const figures = { ours: [] as number[], traced: [] as number[], untraced: [] as number[] };
for (let round = 0; round < rounds; round += 1) {
  figures.ours.push(await rate(oursPerRound, ours));
  figures.traced.push(await rate(theirsPerRound, () => traced.run()));
  figures.untraced.push(await rate(theirsPerRound, () => untraced.run()));
}
if (last === 0) throw new Error('no envelope was read');
await traced.stop();
await untraced.stop();

const our = median(figures.ours);
const withTracing = median(figures.traced);
const withoutTracing = median(figures.untraced);
report([
  {
    name: 'in-process bus',
    ours: our,
    peer: withTracing,
    unit: 'events per CPU second',
    ratio: our / withTracing,
    target: '>= 1,000,000 and >= 2 x Moleculer with validation and tracing',
    met: our >= 1_000_000 && our >= 2 * withTracing,
  },
  {
    name: 'in-process bus, Moleculer without tracing',
    ours: our,
    peer: withoutTracing,
    unit: 'events per CPU second',
    ratio: our / withoutTracing,
    target: '>= 2 x Moleculer with validation',
    met: our >= 2 * withoutTracing,
  },
]);

import type { Event } from '@orchestrall/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { StampedEvent } from '../bus/envelope.ts';
import type { Transport, TransportMessage } from '../bus/transport.ts';

/** How to make transports of one kind for the suite. */
export interface TransportKind {
  readonly name: string;
  /** Connects one more process to the same backend, on a channel of its own for each `scope`. */
  open(scope: string): Promise<Transport>;
  /** Whether two opened transports of one scope hear each other; false where all live in one process. */
  readonly crossesProcesses: boolean;
}

const deadlineMs = 30_000;

function stamped(position: number, data: unknown = { number: position }): StampedEvent {
  const event: Event & { readonly position: number } = {
    specversion: '1.0',
    id: `01900000-0000-7000-8000-${String(position).padStart(12, '0')}`,
    source: '/plugins/crm',
    type: 'contact.created',
    subject: `c${position}`,
    time: '2026-11-21T01:02:03.004Z',
    datacontenttype: 'application/json',
    data,
    position,
    correlationid: 'request-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  return { position, event, visibleTo: position % 2 === 0 ? ['admin'] : null };
}

/** Keeps messages and resolves once they hold enough events. */
function createListener() {
  const messages: TransportMessage[] = [];
  let check: (() => void) | undefined;
  const events = (): StampedEvent[] =>
    messages.flatMap((message) => (message.kind === 'stamped' ? [...message.events] : []));
  return {
    messages,
    events,
    hear: (message: TransportMessage): void => {
      messages.push(message);
      check?.();
    },
    until: (holds: () => boolean) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`heard only ${messages.length} messages`)),
          deadlineMs,
        );
        check = () => {
          if (!holds()) return;
          clearTimeout(timer);
          resolve();
        };
        check();
      }),
  };
}

/** What every transport of events must do; RabbitMQ, Redis Streams and the in-process one pass it alike. */
export function describeTransport(kind: TransportKind): void {
  describe(`transport ${kind.name}`, () => {
    const opened: Transport[] = [];
    let scopes = 0;
    const open = async (scope: string): Promise<Transport> => {
      const transport = await kind.open(scope);
      opened.push(transport);
      return transport;
    };
    const newScope = (): string => `conformance-${process.pid}-${(scopes += 1)}`;
    /** A sender and a receiver, which are one where the transport does not leave the process. */
    const openPair = async (): Promise<readonly [Transport, Transport]> => {
      const scope = newScope();
      const sender = await open(scope);
      return [sender, kind.crossesProcesses ? await open(scope) : sender];
    };

    afterEach(async () => {
      for (const transport of opened.splice(0)) await transport[Symbol.asyncDispose]();
    });

    it('hands stamped events on unchanged, with position, roles and trace context', async () => {
      const [sender, receiver] = await openPair();
      const listener = createListener();
      receiver.subscribe(listener.hear);
      const events = [stamped(1, { text: 'ä€😀\n"', list: [1, null, { deep: true }] }), stamped(2)];
      await sender.publish({ kind: 'stamped', events });
      await listener.until(() => listener.events().length >= 2);
      expect(listener.events()).toEqual(events);
    });

    it('hands every message to every subscriber', async () => {
      const [sender, receiver] = await openPair();
      const listeners = [createListener(), createListener(), createListener()];
      for (const listener of listeners) receiver.subscribe(listener.hear);
      for (let position = 1; position <= 50; position += 1) {
        await sender.publish({ kind: 'stamped', events: [stamped(position)] });
      }
      const all = Array.from({ length: 50 }, (_, index) => index + 1);
      for (const listener of listeners) {
        await listener.until(() => new Set(listener.events().map((event) => event.position)).size === 50);
        expect(new Set(listener.events().map((event) => event.position))).toEqual(new Set(all));
      }
    });

    it('carries broadcasts with their origin', async () => {
      const [sender, receiver] = await openPair();
      const listener = createListener();
      receiver.subscribe(listener.hear);
      const { event } = stamped(1);
      const message: TransportMessage = { kind: 'broadcast', origin: 'left', event, visibleTo: ['admin'] };
      await sender.publish(message);
      await listener.until(() => listener.messages.length > 0);
      expect(listener.messages).toEqual([message]);
    });

    it('carries a batch of 2,000 events', async () => {
      const [sender, receiver] = await openPair();
      const listener = createListener();
      receiver.subscribe(listener.hear);
      const events = Array.from({ length: 2_000 }, (_, index) => stamped(index + 1));
      await sender.publish({ kind: 'stamped', events });
      await listener.until(() => new Set(listener.events().map((event) => event.position)).size === 2_000);
    });

    it('keeps a subscriber that throws from the others', async () => {
      const [sender, receiver] = await openPair();
      const listener = createListener();
      receiver.subscribe(() => {
        throw new Error('a faulty subscriber');
      });
      receiver.subscribe(listener.hear);
      // Whether the sender hears of it is the transport's business.
      await sender.publish({ kind: 'stamped', events: [stamped(1)] }).catch(() => undefined);
      await listener.until(() => listener.events().length === 1);
    });

    it('no longer calls a subscriber that has ended', async () => {
      const [sender, receiver] = await openPair();
      const [ended, listener] = [createListener(), createListener()];
      const subscription = receiver.subscribe(ended.hear);
      receiver.subscribe(listener.hear);
      subscription[Symbol.dispose]();
      await sender.publish({ kind: 'stamped', events: [stamped(1)] });
      await listener.until(() => listener.events().length === 1);
      expect(ended.messages).toEqual([]);
    });

    it('keeps scopes apart', async () => {
      const [left, right] = [await open(newScope()), await open(newScope())];
      const [atLeft, atRight] = [createListener(), createListener()];
      left.subscribe(atLeft.hear);
      right.subscribe(atRight.hear);
      await left.publish({ kind: 'stamped', events: [stamped(1)] });
      await right.publish({ kind: 'stamped', events: [stamped(2)] });
      await atLeft.until(() => atLeft.events().length > 0);
      await atRight.until(() => atRight.events().length > 0);
      expect(atLeft.events().map((event) => event.position)).toEqual([1]);
      expect(atRight.events().map((event) => event.position)).toEqual([2]);
    });

    it('is healthy while open; once disposed it is not, and refuses to publish', async () => {
      const transport = await open(newScope());
      expect((await transport.health()).status).toBe('healthy');
      await transport[Symbol.asyncDispose]();
      expect((await transport.health()).status).toBe('unhealthy');
      await expect(transport.publish({ kind: 'stamped', events: [stamped(1)] })).rejects.toThrow();
    });
  });
}

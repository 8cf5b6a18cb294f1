import type { Transport, TransportMessage } from './transport.ts';

/** The transport of one process: hands each message to the subscribers within the call. */
export function createInProcessTransport(): Transport {
  const listeners = new Set<(message: TransportMessage) => void>();
  let stopped = false;
  return {
    name: 'in-process',
    publish: async (message) => {
      if (stopped) throw new Error('the in-process transport is disposed');
      const failures: unknown[] = [];
      for (const listener of listeners) {
        try {
          listener(message);
        } catch (error) {
          // One faulty listener must not keep the message from the others.
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'a subscriber of the transport failed');
    },
    subscribe: (listener) => {
      const own = (message: TransportMessage): void => listener(message);
      listeners.add(own);
      return { [Symbol.dispose]: () => void listeners.delete(own) };
    },
    health: async () =>
      stopped ? { status: 'unhealthy', reason: 'the transport is disposed' } : { status: 'healthy' },
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      listeners.clear();
    },
  };
}

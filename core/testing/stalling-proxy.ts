import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { ServerConnection } from '../database/connection.ts';

/** A way to a server on which traffic can vanish without an end or an error, as behind a firewall that forgets. */
export interface StallingProxy extends AsyncDisposable {
  /** The server through the proxy. */
  readonly connection: ServerConnection;
  /** From now on nothing is forwarded on the connections that are open; later ones work. */
  stall(): void;
  /** Stalls the connection on which the client next sends this text, which is not forwarded. */
  stallAt(text: string): void;
}

/** Opens the proxy on a free port of 127.0.0.1. */
export async function startStallingProxy(server: ServerConnection): Promise<StallingProxy> {
  const clients = new Map<Socket, Socket>();
  const stalled = new Set<Socket>();
  let stallingText: string | undefined;
  // Half open, since a stalled connection answers not even a goodbye.
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = openUpstream(server);
    clients.set(client, upstream);
    client.on('data', (data) => {
      if (stallingText !== undefined && data.includes(stallingText)) {
        stallingText = undefined;
        stalled.add(client);
      }
      if (!stalled.has(client)) upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!stalled.has(client)) client.write(data);
    });
    // The end of one side is the end of the other, which is all that an error here could tell.
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('end', () => {
      if (stalled.has(client)) return;
      client.end();
      upstream.end();
    });
    client.on('close', () => {
      clients.delete(client);
      upstream.destroy();
    });
    upstream.on('close', () => {
      if (!stalled.has(client)) client.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = boundAddress(proxy.address());
  return {
    connection: { ...server, host: '127.0.0.1', port },
    stall() {
      for (const client of clients.keys()) stalled.add(client);
    },
    stallAt(text) {
      stallingText = text;
    },
    async [Symbol.asyncDispose]() {
      for (const [client, upstream] of clients) {
        client.destroy();
        upstream.destroy();
      }
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

/** A host that is a folder holds the server's socket. */
function openUpstream({ host, port }: ServerConnection): Socket {
  return host.startsWith('/')
    ? createConnection(`${host}/.s.PGSQL.${port}`)
    : createConnection({ host, port });
}

function boundAddress(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string')
    throw new TypeError('the proxy is not bound to a port');
  return address;
}

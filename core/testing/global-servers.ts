import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { TestProject } from 'vitest/node';
import { missingForServer, startTestServer, testServers } from './test-server.ts';
import type { TestServer } from './test-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the socket that hands out the run's servers. */
    readonly testServersSocket: string;
  }
}

/**
 * Global set-up of vitest: one PostgreSQL of each kind for the whole run, started when the first test file
 * asks for it, so that a run of unit tests starts none. Ends them after the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrall-tests-'));
  const running = new Map<TestServer, ReturnType<typeof startTestServer>>();
  const sockets = new Set<Socket>();

  const answer = async (asked: string): Promise<unknown> => {
    const server = testServers.find((name) => name === asked);
    if (server === undefined) return { error: `no test server is named ${asked}` };
    const missing = missingForServer(server);
    if (missing !== undefined) return { error: `this machine lacks ${missing}` };
    const started = running.get(server) ?? startTestServer(server);
    running.set(server, started);
    try {
      return { connection: (await started).connection };
    } catch (error) {
      return { error: String(error) };
    }
  };

  const broker = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A test process that is ended in the middle of a question needs no answer.
    socket.on('error', () => undefined);
    createInterface(socket).on('line', (line) => {
      void answer(line).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
    });
  });
  const path = join(folder, 'servers');
  await new Promise<void>((resolve) => broker.listen(path, resolve));
  project.provide('testServersSocket', path);

  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    for (const started of running.values()) {
      await started.then(
        (server) => server[Symbol.asyncDispose](),
        () => undefined,
      );
    }
    await rm(folder, { recursive: true, force: true });
  };
}

import { Agent, request } from 'node:http';

/**
 * The load of a measurement, run in a process of its own: `node load.ts <port> <count> <connections> <path...>` sends
 * `count` GET requests in turn over the paths and prints the number of answers that were not 200.
 */
async function main(): Promise<void> {
  const [port = 0, count = 0, connections = 1] = process.argv.slice(2, 5).map(Number);
  const paths = process.argv.slice(5);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let started = 0;
  let failed = 0;
  const worker = async (): Promise<void> => {
    while (started < count) {
      const path = paths[started % paths.length] ?? '/';
      started += 1;
      if ((await get(agent, port, path)) !== 200) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  process.stdout.write(`${failed}\n`);
}

function get(agent: Agent, port: number, path: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const sent = request({ agent, port, path, host: '127.0.0.1' }, (answer) => {
    answer.resume();
    answer.on('end', () => resolve(answer.statusCode ?? 0));
  });
  sent.on('error', () => resolve(0));
  sent.end();
  return promise;
}

await main();

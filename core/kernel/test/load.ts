import { Agent, get } from 'node:http';

/** Clients on kept connections, each sending its next request as soon as the last one is answered. */
export interface Load {
  /** Resolves once each client has had an answer. */
  readonly running: Promise<void>;
  /**
   * Resolves when each client has been answered otherwise than with 200, and has left: how it ended for each, as the
   * status with the code of its problem, or the code of a broken connection.
   */
  readonly endings: Promise<readonly string[]>;
}

/** Starts a load on one address. */
export function startLoad(url: string, clients: number): Load {
  const first: Promise<void>[] = [];
  const endings = Array.from({ length: clients }, async () => {
    // One connection each, so that every request but the first is sent on one that the server has accepted.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answered = Promise.withResolvers<void>();
    first.push(answered.promise);
    let outcome = '200';
    while (outcome === '200') {
      outcome = await ask(url, agent);
      answered.resolve();
    }
    agent.destroy();
    return outcome;
  });
  return { running: Promise.all(first).then(() => undefined), endings: Promise.all(endings) };
}

/** Sends one request and reads the whole answer. */
async function ask(url: string, agent: Agent): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const broken = (error: Error): void => resolve('code' in error ? String(error.code) : error.message);
  const request = get(url, { agent }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => (body += text));
    response.on('error', broken);
    response.on('end', () => {
      const code = /"code":"(\w+)"/.exec(body)?.[1];
      resolve(code === undefined ? String(response.statusCode) : `${response.statusCode} ${code}`);
    });
  });
  request.on('error', broken);
  return promise;
}

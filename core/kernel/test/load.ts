import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** What became of the requests of a load. */
export interface LoadReport {
  /** How often each outcome was seen: a status, with the code of its problem, or the code of a broken connection. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** Clients on kept connections, each sending its next request as soon as the last one is answered. */
export interface Load {
  /** Resolves once each client has had an answer. */
  readonly running: Promise<void>;
  /** Resolves when every client has been refused a connection: nobody listens any more. */
  readonly refused: Promise<LoadReport>;
}

/** Starts a load on one address; it ends by itself when nobody listens there any more. */
export function startLoad(url: string, clients: number): Load {
  const outcomes = new Map<string, number>();
  const first: Promise<void>[] = [];
  const ends = Array.from({ length: clients }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answered = Promise.withResolvers<void>();
    first.push(answered.promise);
    for (let outcome = ''; outcome !== 'ECONNREFUSED';) {
      outcome = await ask(url, agent);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      answered.resolve();
      // Whoever is refused for the moment waits a little, as clients do.
      if (!outcome.startsWith('200')) await pause(5);
    }
    agent.destroy();
  });
  return {
    running: Promise.all(first).then(() => undefined),
    refused: Promise.all(ends).then(() => ({ outcomes })),
  };
}

/** Sends one request and reads the whole answer. */
async function ask(url: string, agent: Agent): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const broken = (error: Error): void => {
    const code = 'code' in error ? String(error.code) : error.message;
    // A connection that waited to be accepted when the listener closed: nobody has taken its request.
    const waited = code === 'ECONNRESET' && !request.reusedSocket;
    resolve(waited ? 'ECONNREFUSED' : code);
  };
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

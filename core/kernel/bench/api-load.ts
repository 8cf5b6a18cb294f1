// Loads the API of contacts at an even rate, whether or not earlier requests are answered: url, token, requests a
// second, seconds and a file with ids of contacts on the command line; prints an `ApiLoad` as JSON. Times count from
// the moment a request was due, so that a server that stalls does not hide what it made others wait.
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../../testing/bench/measure.ts';

/** What came of the load. */
export interface ApiLoad {
  /** Requests answered, over the time from the first to the last answer. */
  readonly perSecond: number;
  readonly created: number;
  /** Answers by status where it was not one of 200 to 299; 0 stands for a broken connection. */
  readonly failed: Readonly<Record<string, number>>;
  /** Milliseconds until the end of the answer. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

interface Wanted {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

const [url = '', token = '', rate = '1000', seconds = '10', idFile = ''] = process.argv.slice(2);
const ids = (await readFile(idFile, 'utf8')).trim().split('\n');
const contacts = '/api/v1/crm/contacts';
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const authorization = `Bearer ${token}`;
const times: number[] = [];
const failed: Record<string, number> = {};
let created = 0;

/** Of twenty requests fifteen read a contact, four list or search, one creates. */
function wanted(number: number): Wanted {
  const kind = number % 20;
  if (kind === 0) {
    const email = `load-${process.pid}-${number}@example.com`;
    const body = JSON.stringify({ first_name: 'Load', last_name: `Number ${number}`, email });
    return { method: 'POST', path: contacts, body };
  }
  if (kind % 10 === 5) return { method: 'GET', path: `${contacts}?limit=20` };
  if (kind % 10 === 7) return { method: 'GET', path: `${contacts}?limit=20&q=person%20${number % 1_000}` };
  return { method: 'GET', path: `${contacts}/${ids[(number * 7) % ids.length] ?? ''}` };
}

function send({ method, path, body }: Wanted): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const length =
    body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sent = request(`${url}${path}`, { agent, method, headers: { authorization, ...length } });
  sent.on('response', (response) => {
    response.resume();
    response.on('end', () => resolve(response.statusCode ?? 0));
    response.on('error', () => resolve(0));
  });
  sent.on('error', () => resolve(0));
  sent.end(body);
  return promise;
}

async function one(number: number, dueAt: number): Promise<void> {
  const status = await send(wanted(number));
  times.push(performance.now() - dueAt);
  if (status === 201) created += 1;
  if (status < 200 || status > 299) failed[status] = (failed[status] ?? 0) + 1;
}

const total = Number(rate) * Number(seconds);
const everyMs = 1_000 / Number(rate);
const begunAt = performance.now();
const all: Promise<void>[] = [];
for (let number = 1; number <= total; number += 1) {
  const dueAt = begunAt + number * everyMs;
  const waitMs = dueAt - performance.now();
  // Timers are no finer than a millisecond: those that are due together are sent together.
  if (waitMs > 0) await pause(Math.ceil(waitMs));
  all.push(one(number, dueAt));
}
await Promise.all(all);
const load: ApiLoad = {
  perSecond: (total / (performance.now() - begunAt)) * 1_000,
  created,
  failed,
  p50: percentile(times, 50),
  p95: percentile(times, 95),
  p99: percentile(times, 99),
};
agent.destroy();
process.stdout.write(`${JSON.stringify(load)}\n`);

// Loads the API of contacts at an even rate: url, token, requests a second, seconds and a file with ids of contacts
// on the command line; prints an `ApiLoad` as JSON.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { percentile } from '../../testing/bench/measure.ts';

/** What came of the load. */
export interface ApiLoad {
  readonly perSecond: number;
  readonly created: number;
  /** Answers outside of 200 to 299, errors and time-outs. */
  readonly failed: number;
  /** Milliseconds from sending to the end of the answer. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

interface Request {
  method: string;
  path: string;
  body?: string;
}
interface Running {
  on(event: 'response', heard: (client: object, status: number, bytes: number, ms: number) => void): void;
}
type Autocannon = (
  options: object,
  done: (error: Error | null, result: { duration: number; errors: number; timeouts: number }) => void,
) => Running;
const autocannon: Autocannon = createRequire(import.meta.url)('autocannon');

const [url = '', token = '', rate = '1000', seconds = '10', idFile = ''] = process.argv.slice(2);
const ids = (await readFile(idFile, 'utf8')).split('\n');
const contacts = '/api/v1/crm/contacts';
const times: number[] = [];
let sent = 0;
let created = 0;
let failed = 0;

/** Of twenty requests fifteen read a contact, four list or search, one creates. */
function next(): Request {
  sent += 1;
  const kind = sent % 20;
  if (kind === 0) {
    const body = { first_name: 'Load', last_name: `Number ${sent}`, email: `load-${process.pid}-${sent}@example.com` };
    return { method: 'POST', path: contacts, body: JSON.stringify(body) };
  }
  if (kind % 10 === 5) return { method: 'GET', path: `${contacts}?limit=20` };
  if (kind % 10 === 7) return { method: 'GET', path: `${contacts}?limit=20&q=person%20${sent % 1_000}` };
  return { method: 'GET', path: `${contacts}/${ids[(sent * 7) % ids.length] ?? ''}` };
}

const { promise, resolve, reject } = Promise.withResolvers<{ duration: number; lost: number }>();
const running = autocannon(
  {
    url,
    connections: 40,
    overallRate: Number(rate),
    duration: Number(seconds),
    timeout: 30,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    requests: [{ setupRequest: (request: object) => ({ ...request, body: undefined, ...next() }) }],
  },
  (error, { duration, errors, timeouts }) => {
    if (error === null) resolve({ duration, lost: errors + timeouts });
    else reject(error);
  },
);
running.on('response', (_client, status, _bytes, ms) => {
  times.push(ms);
  if (status === 201) created += 1;
  if (status < 200 || status > 299) failed += 1;
});
const { duration, lost } = await promise;
const load: ApiLoad = {
  perSecond: times.length / duration,
  created,
  failed: failed + lost,
  p50: percentile(times, 50),
  p95: percentile(times, 95),
  p99: percentile(times, 99),
};
process.stdout.write(`${JSON.stringify(load)}\n`);
